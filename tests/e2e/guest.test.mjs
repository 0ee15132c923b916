// Being a guest: commands typed in the page reach the engine as bytes, whole
// or in halves; what a guest sends is text and never markup.

import assert from "node:assert/strict";
import { read } from "./read.mjs";

const EVIL = "<img/src=x/onerror=window.pwned=1>";

/** Goes to the end of what is known, so that a gesture does not change the past. */
async function toTheEnd(reader) {
  await reader.enterPlayer();
  await reader.walk("Shift+ArrowRight", 60);
}

async function type(page, command) {
  await page.getByRole("textbox", { name: "Command" }).fill(command);
}

read("a command is sent, run and answered", { reducedMotion: "reduce" }, async (reader, page) => {
  await toTheEnd(reader);
  await type(page, "SET price 42");
  assert.match(await page.locator("#wire").innerText(), /\*3.*\$3.*SET.*\$5.*price.*\$2.*42/s);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await reader.stepUntil(/SET/);
  await toTheEnd(reader);
  assert.match(await reader.panel("Tables"), /price/);
});

read("who acts as a guest is spoken to, and is marked on the stage", { reducedMotion: "reduce", path: "/?scenario=two-guests" }, async (reader, page) => {
  const captions = async () => (await page.locator("#stage svg").first().textContent()).match(/table \d( · you)?/g);
  await toTheEnd(reader);
  assert.deepEqual(await captions(), ["table 1", "table 2"], "nobody has chosen to be one of them");
  await type(page, "SET price 42");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await reader.stepUntil(/You hand in a slip of 32 bytes/);
  await reader.stepUntil(/Your slip lies on the table/);
  await reader.stepUntil(/You eat: 5 bytes/);
  assert.deepEqual(await captions(), ["table 1 · you", "table 2"]);
  await page.reload();
  await page.locator("#stage svg").first().waitFor();
  await toTheEnd(reader);
  assert.deepEqual(await captions(), ["table 1", "table 2"], "a link is for others, too");
});

read("Enter in the command field sends", { reducedMotion: "reduce" }, async (reader, page) => {
  await toTheEnd(reader);
  await type(page, "ECHO fromtheform");
  await page.getByRole("textbox", { name: "Command" }).press("Enter");
  await reader.stepUntil(/ECHO/);
});

read("half an order waits for the rest", { reducedMotion: "reduce" }, async (reader, page) => {
  await toTheEnd(reader);
  await type(page, "SET soup tomato");
  const rest = page.getByRole("button", { name: "Send rest" });
  assert.ok(await rest.isDisabled());
  await page.getByRole("button", { name: "Send first part" }).click();
  await toTheEnd(reader);
  assert.doesNotMatch(await reader.panel("Tables"), /tomato/, "nothing is run before it is whole");
  assert.ok(await rest.isEnabled());
  await rest.click();
  await toTheEnd(reader);
  assert.match(await reader.panel("Tables"), /soup/);
  assert.match(await reader.panel("Tables"), /tomato/);
});

read("a gesture in the past starts a second run and says so", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.enterPlayer();
  const places = await reader.walk("Shift+ArrowRight", 60);
  await reader.seek(places[1]);
  await page.getByRole("button", { name: "Add a guest" }).click();
  await page.locator("#fork").filter({ hasText: /./ }).waitFor();
});

read("an unbalanced quote is refused in place", {}, async (reader, page) => {
  await type(page, 'SET a "b');
  assert.match(await page.locator("#console").innerText(), /quot/i);
});

read("text from a guest is never markup", { reducedMotion: "reduce" }, async (reader, page) => {
  await toTheEnd(reader);
  for (const command of [`CLIENT SETNAME ${EVIL}`, `SET ${EVIL} ${EVIL}`, `GET ${EVIL}`, EVIL]) {
    await type(page, command);
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await toTheEnd(reader);
  }
  let shown = "";
  for (const tab of ["Notepad", "Events", "Counters", "Tables"]) shown += await reader.panel(tab);
  assert.ok(shown.includes("<img/src=x"), "the text itself is shown");
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.evaluate(() => window.pwned), undefined);
});
