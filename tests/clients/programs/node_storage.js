// Answers one line of JSON, {call, arguments}, with another, {value} or {error}: calls of Google's client for Node.
const readline = require("node:readline");
const { Storage, TransferManager } = require("@google-cloud/storage");

const storage = new Storage();
const file = (bucket, name) => storage.bucket(bucket).file(name);
const bytes = (text) => Buffer.from(text, "base64");

const calls = {
  write: async (bucket, name, data, options) => file(bucket, name).save(bytes(data), options).then(() => null),
  upload: async (bucket, name, path, options) => {
    await storage.bucket(bucket).upload(path, { destination: name, ...options });
  },
  read: async (bucket, name, options) => (await file(bucket, name).download(options))[0].toString("base64"),
  list: async (bucket, options) => {
    const [files, , answer] = await storage.bucket(bucket).getFiles({ autoPaginate: false, ...options });
    return [files.map((one) => one.name), answer.prefixes || []];
  },
  stat: async (bucket, name) => (await file(bucket, name).getMetadata())[0],
  copy: async (bucket, name, target) => file(bucket, name).copy(file(bucket, target)).then(() => null),
  move: async (bucket, name, target) => file(bucket, name).move(target).then(() => null),
  remove: async (bucket, name) => file(bucket, name).delete().then(() => null),
  removeMany: async (bucket, prefix) => storage.bucket(bucket).deleteFiles({ prefix }).then(() => null),
  uploadChunks: async (bucket, name, path, chunkSizeBytes) => {
    const manager = new TransferManager(storage.bucket(bucket));
    await manager.uploadFileInChunks(path, { uploadName: name, chunkSizeBytes, validation: "md5" });
  },
  downloadChunks: async (bucket, name, path, chunkSizeBytes) => {
    const manager = new TransferManager(storage.bucket(bucket));
    await manager.downloadFileInChunks(name, { destination: path, chunkSizeBytes });
  },
  signed: async (bucket, name) => {
    const options = { version: "v4", action: "read", expires: Date.now() + 60000, virtualHostedStyle: true };
    return (await file(bucket, name).getSignedUrl(options))[0];
  },
};

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
      answer = { value: (await calls[request.call](...request.arguments)) ?? null };
    } catch (error) {
      answer = { error: `${error.code}: ${error.message}` };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

// Idle connections would keep the process running.
main().then(() => process.exit(0));
