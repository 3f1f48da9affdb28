#pragma once
// The page of the chat: one file, on the stock client that the server itself serves.

#include <string_view>

namespace cloudsync::examples {

inline constexpr std::string_view kChatPage = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 0 auto; padding: 1rem; }
  form { display: flex; gap: .5rem; margin: .5rem 0; }
  input { font: inherit; padding: .4rem .6rem; flex: 1; min-width: 0; }
  button { font: inherit; padding: .4rem 1rem; }
  ul { list-style: none; padding: 0; margin: 1rem 0; height: 60vh; overflow-y: auto; }
  li.note, p { color: #666; }
  p { min-height: 1.5em; margin: 0; }
</style>
</head>
<body>
<form id="enter">
  <input id="name" aria-label="Your name" placeholder="Your name" maxlength="40" required>
  <input id="room" aria-label="Room" placeholder="Room" maxlength="40" value="hall" required>
  <button>Enter</button>
</form>
<p id="state" role="status">Not connected</p>
<ul id="lines" aria-live="polite"></ul>
<p id="typing"></p>
<form id="say" hidden>
  <input id="text" aria-label="Message" placeholder="Say something" maxlength="2000" autocomplete="off">
  <button>Say</button>
</form>
<script src="/socket.io/socket.io.min.js"></script>
<script>
  const $ = (id) => document.getElementById(id);
  const socket = io();
  let entered = null;
  let quiet = 0;

  function line(text, className = "") {
    const item = document.createElement("li");
    item.textContent = text; // never markup: it is what somebody else wrote
    item.className = className;
    $("lines").append(item);
    item.scrollIntoView();
  }

  async function enter() {
    const answer = await socket.timeout(5000).emitWithAck("enter", entered);
    if (answer.error) return void ($("state").textContent = answer.error);
    $("state").textContent = `In ${entered.room} with ${answer.people.join(", ") || "nobody else"}`;
    $("say").hidden = false;
    $("text").focus();
  }

  // After a lost connection the server knows this socket no more: enter again.
  socket.on("connect", () => { $("state").textContent = "Connected"; if (entered) enter(); });
  socket.on("disconnect", () => { $("state").textContent = "Connection lost, trying again ..."; });
  socket.on("said", ({ name, text }) => line(`${name}: ${text}`));
  socket.on("entered", ({ name }) => line(`${name} came in`, "note"));
  socket.on("left", ({ name }) => line(`${name} left`, "note"));
  socket.on("typing", ({ name }) => {
    $("typing").textContent = `${name} is typing ...`;
    clearTimeout(quiet);
    quiet = setTimeout(() => { $("typing").textContent = ""; }, 2000);
  });
  $("enter").addEventListener("submit", (event) => {
    event.preventDefault();
    entered = { name: $("name").value, room: $("room").value };
    enter();
  });
  $("say").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = $("text").value;
    $("text").value = "";
    if (text) socket.emit("say", text);
  });
  $("text").addEventListener("input", () => socket.volatile.emit("typing"));
</script>
</body>
</html>
)";

}  // namespace cloudsync::examples
