// A TCP proxy that can be cut: what a lost network looks like to both sides. (Playwright's offline mode
// leaves open WebSockets alone.)
import net from "node:net";

export class Proxy {
  static async to(port) {
    const proxy = new Proxy();
    proxy.target = port;
    proxy.isCut = false;
    proxy.sockets = new Set();
    proxy.server = net.createServer((near) => proxy.forward(near));
    await new Promise((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  forward(near) {
    if (this.isCut) return near.destroy();
    const far = net.connect(this.target, "127.0.0.1");
    for (const [from, to] of [[near, far], [far, near]]) {
      this.sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => { this.sockets.delete(from); to.destroy(); });
      from.pipe(to);
    }
  }

  cut() {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  heal() { this.isCut = false; }

  close() {
    this.cut();
    this.server.close();
  }
}
