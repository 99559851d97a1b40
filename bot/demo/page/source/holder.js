// What elements stand in: a message or a modal. It says who is to be told.

import { createContext } from "react";

/**
 * `data`: names for mentions. `press(block, element, value)` tells the bot.
 * `suggest(element, query)` asks it for options. `form`: in a modal, `value(key)`,
 * `put(key, value)` and `errors` by block_id; null in a message.
 * `confirm(said)`: asks the person, and resolves to whether they agree.
 */
export const Holder = createContext(null);
