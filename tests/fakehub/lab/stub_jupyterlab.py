"""Plays JupyterLab for tests of ``fakehub lab``: answers at its address, and exits with STATUS at ``/exit/STATUS``.

``STUB_RUNS`` is Python code to run first. The environment is written to ``environment.json`` in the reader's folder.
"""

import http.server
import json
import os
from pathlib import Path

settings = json.loads((Path(os.environ["JUPYTER_CONFIG_DIR"]) / "jupyter_server_config.json").read_text())
server = settings["ServerApp"]
(Path(server["root_dir"]) / "environment.json").write_text(json.dumps(dict(os.environ)))
exec(os.environ.get("STUB_RUNS", ""))


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers every request with an empty object."""

    def do_GET(self):
        """Answer, or exit."""
        if self.path.startswith("/exit/"):
            os._exit(int(self.path.removeprefix("/exit/")))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")


http.server.HTTPServer((server["ip"], server["port"]), Answers).serve_forever()
