"""Autobahn as a client of an echo server: autobahn_client.py URL none|default|small-window

Sends text and binary messages of several sizes, one after the other, closes, and prints what came of it as JSON.
"""
import asyncio
import json
import sys

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.compress import (PerMessageDeflateOffer, PerMessageDeflateResponse,
                                         PerMessageDeflateResponseAccept)

url, offers = sys.argv[1:]
sizes = [0, 1, 125, 126, 65_535, 65_536, 200_000, 1_000_000]
messages = [message for size in sizes for message in ((b"x\xff" * size)[:size], ("x\u20ac" * size)[:size])]
result = {"compressed": False, "echoed": 0, "mismatched": 0, "clean": False, "code": None}


class Client(WebSocketClientProtocol):
    def onConnect(self, response):
        result["compressed"] = bool(response.extensions)

    def onOpen(self):
        self.send_next()

    def send_next(self):
        if result["echoed"] == len(messages):
            self.sendClose(1000)
            return
        message = messages[result["echoed"]]
        binary = isinstance(message, bytes)
        self.sendMessage(message if binary else message.encode(), isBinary=binary)

    def onMessage(self, payload, isBinary):
        message = messages[result["echoed"]]
        expected = message if isBinary else message.encode()
        if isBinary != isinstance(message, bytes) or payload != expected:
            result["mismatched"] += 1
        result["echoed"] += 1
        self.send_next()

    def onClose(self, wasClean, code, reason):
        result.update(clean=wasClean, code=code)
        asyncio.get_running_loop().stop()


def accept(response):
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)
    return None


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
factory = WebSocketClientFactory(url)
factory.protocol = Client
if offers != "none":
    small = {"request_max_window_bits": 9, "request_no_context_takeover": True} if offers == "small-window" else {}
    factory.setProtocolOptions(perMessageCompressionOffers=[PerMessageDeflateOffer(**small)],
                               perMessageCompressionAccept=accept)
loop.run_until_complete(loop.create_connection(factory, "127.0.0.1", factory.port))
loop.run_forever()
print(json.dumps(result))
