// node-redis with its default options.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createClient } from "redis";

const { version } = JSON.parse(readFileSync(new URL("node_modules/redis/package.json", import.meta.url)));
console.log("client node-redis", version);

const client = createClient({ url: `redis://127.0.0.1:${process.argv[2]}` });
client.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
await client.connect();
assert.equal(await client.ping(), "PONG");
console.log("ok connect");

assert.equal(await client.set("node:key", "value"), "OK");
console.log("ok set");

assert.equal(await client.get("node:key"), "value");
assert.equal(await client.get("node:nothing"), null);
console.log("ok get");

const numbers = Array.from({ length: 100 }, (_, number) => number);
const together = numbers.map((number) => client.set(`node:${number}`, number));
const answers = await Promise.all([...together, ...numbers.map((number) => client.get(`node:${number}`))]);
assert.deepEqual(answers, [...numbers.map(() => "OK"), ...numbers.map(String)]);
assert.deepEqual(await client.multi().incr("node:count").get("node:count").exec(), [1, "1"]);
console.log("ok pipeline");

const listener = client.duplicate();
await listener.connect();
const heard = new Promise((resolve) => listener.subscribe("node:news", (...message) => resolve(message)).then(
  async () => assert.equal(await client.publish("node:news", "hello"), 1),
));
assert.deepEqual(await heard, ["hello", "node:news"]);
await listener.unsubscribe("node:news");
console.log("ok subscribe");

// Whether it waits already when the element comes does not matter.
const waiting = listener.blPop("node:list", 10);
await client.rPush("node:list", "element");
assert.deepEqual({ ...(await waiting) }, { key: "node:list", element: "element" });
assert.equal(await listener.blPop("node:list", 0.05), null);
console.log("ok block");

await listener.close();
await client.close();
