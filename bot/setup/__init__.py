"""Setting up: what a newcomer needs between "installed" and "it answers".

    manifest     manifest.yml, with one's own command name and address
    init         questions → a commented runbell.yml that loads
    doctor       does everything it was given work? else, what to do

`findings` is what the doctor says, `connections` how it looks at a provider; `ways`
and `prose` are what `init` knows of the settings it asks for.
"""
