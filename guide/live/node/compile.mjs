// Compile a tar file of Python sources with Pyodide: node compile.mjs PYODIDE IN.tar OUT.tar.zst
// Sources become bytecode without sources; all other files stay unchanged.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { constants, zstdCompressSync } from "node:zlib";

const [folder, source, target] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const pyodide = await loadPyodide({ indexURL: `${folder}/` });
pyodide.FS.writeFile("/in.tar", readFileSync(source));
pyodide.runPython(`
import io, importlib._bootstrap_external as bootstrap, tarfile
root = "/lib/python3.14/site-packages/"
with tarfile.open("/in.tar") as sources, tarfile.open("/out.tar", "w", format=tarfile.USTAR_FORMAT) as out:
    for member in sources:
        data = sources.extractfile(member).read()
        if member.name.endswith(".py"):
            code = compile(data, root + member.name, "exec", dont_inherit=True)
            data = bytes(bootstrap._code_to_timestamp_pyc(code))
            member.name += "c"
        elif member.name.endswith("/METADATA"):
            data = data.partition(b"\\n\\n")[0] + b"\\n"  # without the description
        member.size = len(data)
        out.addfile(member, io.BytesIO(data))
`);
const tar = pyodide.FS.readFile("/out.tar");
const params = {
  [constants.ZSTD_c_compressionLevel]: 22,
  [constants.ZSTD_c_windowLog]: 26,
};
writeFileSync(target, zstdCompressSync(tar, { params }));
