import "slack-blocks-to-jsx/dist/style.css";
import "./style.css";
import "./blocks.css";

import { createRoot } from "react-dom/client";
import { App } from "./app.jsx";
import { watch } from "./world.js";

watch();
createRoot(document.getElementById("page")).render(<App />);
