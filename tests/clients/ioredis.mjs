// ioredis with its default options.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Redis } from "ioredis";

const { version } = JSON.parse(readFileSync(new URL("node_modules/ioredis/package.json", import.meta.url)));
console.log("client ioredis", version);

const client = new Redis(Number(process.argv[2]));
client.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
assert.equal(await client.ping(), "PONG");
console.log("ok connect");

assert.equal(await client.set("io:key", "value"), "OK");
console.log("ok set");

assert.equal(await client.get("io:key"), "value");
assert.equal(await client.get("io:nothing"), null);
console.log("ok get");

const numbers = Array.from({ length: 100 }, (_, number) => number);
const pipeline = client.pipeline();
numbers.forEach((number) => pipeline.set(`io:${number}`, number));
numbers.forEach((number) => pipeline.get(`io:${number}`));
const expected = [...numbers.map(() => "OK"), ...numbers.map(String)].map((answer) => [null, answer]);
assert.deepEqual(await pipeline.exec(), expected);
assert.deepEqual(await client.multi().incr("io:count").get("io:count").exec(), [[null, 1], [null, "1"]]);
console.log("ok pipeline");

const listener = client.duplicate();
const heard = new Promise((resolve) => listener.on("message", (...message) => resolve(message)));
assert.equal(await listener.subscribe("io:news"), 1);
assert.equal(await client.publish("io:news", "hello"), 1);
assert.deepEqual(await heard, ["io:news", "hello"]);
assert.equal(await listener.unsubscribe("io:news"), 0);
console.log("ok subscribe");

// Whether it waits already when the element comes does not matter.
const waiting = listener.blpop("io:list", 10);
await client.rpush("io:list", "element");
assert.deepEqual(await waiting, ["io:list", "element"]);
assert.equal(await listener.blpop("io:list", 0.05), null);
console.log("ok block");

listener.disconnect();
client.disconnect();
