// Start Python in this worker (or in Node.js) as a server of the hub; see fakehub/browser.
// `read` returns the bytes of a file beside Pyodide, `emit` gets each output of a running cell as JSON.

const UNPACK = `
import io, tarfile
from compression import zstd
def unpack(data):
    with tarfile.open(fileobj=io.BytesIO(zstd.decompress(data.to_bytes())), mode="r:") as archive:
        archive.extractall("/lib/python3.14/site-packages", filter="fully_trusted")
`;

export async function boot({ loadPyodide, base, read, packs, hub, files, emit, progress = () => {} }) {
  const starting = loadPyodide({
    indexURL: base,
    lockFileContents: '{"info": {"abi_version": "2026_0", "arch": "wasm32", "platform": "", "python": "", "version": ""}, "packages": {}}',
    env: { HOME: "/home/jovyan", PYTHONDONTWRITEBYTECODE: "1" },
    packages: [],
  });
  const [pyodide, ...contents] = await Promise.all([starting, ...packs.map((name) => read(name))]);
  progress("python");
  pyodide.runPython(UNPACK);
  const unpack = pyodide.globals.get("unpack");
  for (const bytes of contents) unpack(bytes);
  unpack.destroy();
  progress("packages");
  pyodide.runPython("from fakehub.browser import start; start.prepare()");
  const make = pyodide.pyimport("fakehub.browser.session").Session;
  const session = make(hub, files, emit);
  progress("ready");
  return { pyodide, session };
}
