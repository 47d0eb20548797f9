// Tests of Google's client for Node.js at its defaults, after the samples of its documentation: no package has its own.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { createRequire } from "node:module";

const { Storage, TransferManager } = createRequire(import.meta.url)("@google-cloud/storage");
const storage = new Storage();
const bucket = storage.bucket(`node-suite-${crypto.randomUUID()}`);
const data = crypto.createHash("shake256", { outputLength: 9 * 2 ** 20 + 5 }).update("seed").digest();
let folder;

before(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "node-suite-"));
  await storage.createBucket(bucket.name, { location: "EU", storageClass: "NEARLINE", labels: { team: "ocean" } });
});
after(async () => {
  await bucket.deleteFiles({ versions: true, force: true });
  await bucket.delete();
  await fs.rm(folder, { recursive: true });
});

const read = async (file, options) => (await file.download(options))[0];

test("a bucket has its settings, and is listed", async () => {
  const [metadata] = await bucket.getMetadata();
  assert.equal(metadata.location, "EU");
  assert.equal(metadata.storageClass, "NEARLINE");
  const [buckets] = await storage.getBuckets({ prefix: "node-suite-" });
  assert.ok(buckets.some((one) => one.name === bucket.name));
  assert.deepEqual(await bucket.exists(), [true]);
  assert.deepEqual(await storage.bucket("no-such-bucket-of-node").exists(), [false]);
});

test("a bucket that exists cannot be made", async () => {
  await assert.rejects(storage.createBucket(bucket.name), { code: 409 });
});

test("labels, lifecycle, versioning, requester pays and uniform access of a bucket", async () => {
  const other = storage.bucket(`node-suite-other-${crypto.randomUUID()}`);
  await other.create();
  await other.setLabels({ team: "ice", cost: "shared" });
  await other.deleteLabels("cost");
  assert.deepEqual((await other.getLabels())[0], { team: "ice" });
  await other.addLifecycleRule({ action: { type: "Delete" }, condition: { age: 3 } });
  await other.setMetadata({ versioning: { enabled: true } });
  await other.enableRequesterPays();
  const paying = storage.bucket(other.name, { userProject: "leap-pangeo" });
  await paying.file("a").save("data");
  await other.disableRequesterPays();
  await other.setStorageClass("coldline");
  await other.setMetadata({ iamConfiguration: { uniformBucketLevelAccess: { enabled: true } } });
  const [metadata] = await other.getMetadata();
  assert.equal(metadata.lifecycle.rule[0].condition.age, 3);
  assert.equal(metadata.versioning.enabled, true);
  assert.equal(metadata.billing?.requesterPays ?? false, false);
  assert.equal(metadata.storageClass, "COLDLINE");
  assert.equal(metadata.iamConfiguration.uniformBucketLevelAccess.enabled, true);
  assert.deepEqual((await other.getNotifications())[0], []);
  await assert.rejects(other.delete(), { code: 409 });
  await other.deleteFiles({ versions: true });
  await other.delete();
  assert.deepEqual(await other.exists(), [false]);
});

for (const options of [{}, { resumable: false }, { resumable: true, chunkSize: 1048576 }, { validation: "md5" }]) {
  test(`save and download with ${JSON.stringify(options)}`, async () => {
    const file = bucket.file("saved");
    await file.save(data, options);
    assert.ok((await read(file)).equals(data));
    assert.ok((await read(file, { start: 10, end: 19 })).equals(data.subarray(10, 20)));
  });
}

test("an empty object", async () => {
  await bucket.file("empty").save("");
  assert.equal((await read(bucket.file("empty"))).length, 0);
});

test("streams in both directions", async () => {
  const file = bucket.file("streamed");
  await new Promise((resolve, reject) => {
    const stream = file.createWriteStream().on("error", reject).on("finish", resolve);
    for (let start = 0; start < data.length; start += 1000003) stream.write(data.subarray(start, start + 1000003));
    stream.end();
  });
  const pieces = [];
  for await (const piece of file.createReadStream()) pieces.push(piece);
  assert.ok(Buffer.concat(pieces).equals(data));
});

test("an upload of a file, compressed", async () => {
  const local = path.join(folder, "text.csv");
  await fs.writeFile(local, "a,b\n".repeat(10000));
  const [file] = await bucket.upload(local, { gzip: true, metadata: { metadata: { colour: "blue" } } });
  assert.equal(file.metadata.contentEncoding, "gzip");
  assert.equal(file.metadata.metadata.colour, "blue");
  assert.equal((await read(file)).toString(), "a,b\n".repeat(10000));
});

test("a wrong checksum is refused", async () => {
  const file = bucket.file("wrong");
  await assert.rejects(file.save("data", { metadata: { md5Hash: "AAAAAAAAAAAAAAAAAAAAAA==" }, resumable: false }));
  assert.deepEqual(await file.exists(), [false]);
});

test("copy, move, rename and combine", async () => {
  await bucket.file("a").save("first");
  await bucket.file("b").save("second");
  await bucket.file("a").copy(bucket.file("copied"));
  await bucket.file("copied").move("moved");
  await bucket.file("moved").rename("renamed");
  await bucket.combine(["a", "b"], "both");
  assert.equal((await read(bucket.file("renamed"))).toString(), "first");
  assert.equal((await read(bucket.file("both"))).toString(), "firstsecond");
  assert.deepEqual(await bucket.file("moved").exists(), [false]);
});

test("preconditions", async () => {
  const file = bucket.file("guarded");
  await file.save("first", { preconditionOpts: { ifGenerationMatch: 0 } });
  await assert.rejects(file.save("second", { preconditionOpts: { ifGenerationMatch: 0 } }), { code: 412 });
  const [{ metageneration }] = await file.getMetadata();
  await file.setMetadata({ contentType: "text/csv" }, { ifMetagenerationMatch: metageneration });
  await assert.rejects(file.setMetadata({ contentType: "x/y" }, { ifMetagenerationMatch: metageneration }), { code: 412 });
  await assert.rejects(file.delete({ ifGenerationMatch: 1 }), { code: 412 });
  assert.equal((await file.getMetadata())[0].contentType, "text/csv");
});

test("metadata of an object", async () => {
  const file = bucket.file("described");
  await file.save("data", { contentType: "text/plain", metadata: { cacheControl: "no-store", metadata: { Ω: "µ" } } });
  await file.setMetadata({ metadata: { Ω: null, colour: "blue" } });
  const [metadata] = await file.getMetadata();
  assert.deepEqual(metadata.metadata, { colour: "blue" });
  assert.equal(metadata.cacheControl, "no-store");
  assert.equal(metadata.storageClass, "NEARLINE");
});

test("listings with prefix, delimiter, glob and pages", async () => {
  for (const name of ["list/1.nc", "list/2.nc", "list/sub/3.nc"]) await bucket.file(name).save("data");
  const names = async (options) => (await bucket.getFiles(options))[0].map((file) => file.name);
  assert.deepEqual(await names({ prefix: "list/" }), ["list/1.nc", "list/2.nc", "list/sub/3.nc"]);
  const [page, next] = await bucket.getFiles({ prefix: "list/", maxResults: 1, autoPaginate: false });
  assert.deepEqual(page.map((file) => file.name), ["list/1.nc"]);
  assert.equal((await bucket.getFiles({ ...next, autoPaginate: false }))[0][0].name, "list/2.nc");
  assert.deepEqual(await names({ prefix: "list/", delimiter: "/" }), ["list/1.nc", "list/2.nc"]);
  assert.deepEqual(await names({ matchGlob: "list/*.nc" }), ["list/1.nc", "list/2.nc"]);
  assert.deepEqual(await names({ prefix: "list/", startOffset: "list/2", endOffset: "list/s" }), ["list/2.nc"]);
});

test("names with special characters", async () => {
  for (const name of ["with space", "Ωmega", "per%cent", "question?x=1", "a#b", "plus+", "[x]"]) {
    await bucket.file(name).save(name);
    assert.equal((await read(bucket.file(name))).toString(), name);
  }
});

test("signed addresses", async () => {
  await bucket.file("signed").save("data");
  for (const virtualHostedStyle of [false, true]) {
    const options = { version: "v4", expires: Date.now() + 60000, virtualHostedStyle };
    const [reading] = await bucket.file("signed").getSignedUrl({ ...options, action: "read" });
    assert.equal(await (await fetch(reading)).text(), "data");
    const [writing] = await bucket.file("signed").getSignedUrl({ ...options, action: "write" });
    assert.equal((await fetch(writing, { method: "PUT", body: "data" })).status, 200);
  }
});

test("missing objects", async () => {
  await assert.rejects(read(bucket.file("missing")), { code: 404 });
  await assert.rejects(bucket.file("missing").delete(), { code: 404 });
  await bucket.file("missing").delete({ ignoreNotFound: true });
});

test("the transfer manager", async () => {
  const manager = new TransferManager(bucket);
  const local = path.join(folder, "large");
  await fs.writeFile(local, data);
  await manager.uploadFileInChunks(local, { uploadName: "parts", chunkSizeBytes: 5 * 2 ** 20, validation: "md5" });
  const target = path.join(folder, "fetched");
  await manager.downloadFileInChunks("parts", { destination: target, chunkSizeBytes: 2 ** 20 });
  assert.ok((await fs.readFile(target)).equals(data));
  await manager.uploadManyFiles([local], { customDestinationBuilder: () => "many/large" });
  assert.equal(Number((await bucket.file("many/large").getMetadata())[0].size), data.length);
});

test("the account of the storage in the project", async () => {
  assert.match((await storage.getServiceAccount())[0].emailAddress, /gs-project-accounts/);
});
