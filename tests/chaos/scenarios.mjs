// The 24 attacks that run at once, each from an address of its own.
import * as engineio from "./engineio_scenarios.mjs";
import * as http from "./http_scenarios.mjs";
import * as socketio from "./socketio_scenarios.mjs";
import * as websocket from "./websocket_scenarios.mjs";

export const scenarios = { ...http, ...engineio, ...websocket, ...socketio };
