"""What can be asked: the grammar, and one file per verb. Text in, answer out."""
