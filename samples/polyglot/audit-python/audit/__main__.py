import os
import signal
import sys
import threading

from .api import Api
from .server import Server
from .sidecar import Sidecar
from .trail import Trails

DRAIN_SECONDS = 4


def main() -> None:
    port = port_of("APP_PORT")
    sidecar = Sidecar(port_of("DAPR_HTTP_PORT"), os.environ.get("DAPR_API_TOKEN"))
    try:
        server = Server(port, Api(Trails(sidecar)), os.environ.get("APP_API_TOKEN"))
    except OSError as failure:
        sys.exit(f"audit cannot listen on port {port}: {failure}")

    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    print(f"audit listens on http://127.0.0.1:{port}", flush=True)
    asked.wait()

    # Requests under way are answered; what does not end by then is delivered again, as after a kill.
    server.shutdown()
    server.drain(DRAIN_SECONDS)


def port_of(name: str) -> int:
    text = os.environ.get(name, "")
    if text.isascii() and text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    sys.exit(f"{name} is '{text}', which is not a port; dapr run sets it")


if __name__ == "__main__":
    main()
