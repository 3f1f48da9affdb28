import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/start.css";

import { createRoot } from "react-dom/client";

import { App } from "./app";
import { registerServiceWorker } from "./register_service_worker";
import { applyStoredTheme } from "./theme";

applyStoredTheme();

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(<App />);
registerServiceWorker();
