// The run on stage is checked on demand, by a program that is loaded only then.

import assert from "node:assert/strict";
import { barriers } from "./axe.mjs";
import { PHONE } from "./browser.mjs";
import { read } from "./read.mjs";

const answer = (page) => page.locator("#answer");

/** "Check the run", which folds out of "More…". */
async function check(page) {
  await page.locator("#acts-more summary").click();
  await page.locator("#acts-more").getByRole("button", { name: /^Check the run/ }).click();
}

/** The checker's part is played by `script`: a worker of its own. */
function played(page, script) {
  return page.evaluate((script) => {
    const Real = Worker;
    window.Worker = class extends Real {
      constructor() {
        super(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
      }
    };
  }, script);
}

/** Somebody who has found something. */
const ACCUSER = `
  onmessage = ({ data }) => postMessage(data.startsWith("onechef scenario 1") ? "broken\\n12\\ninvariant 13: nobody is left\\n2 clients were not swept" : "?");
  postMessage("ready");
`;

read("a run is checked on demand, and its steps and invariants are counted", { path: "/?scenario=one-message", reducedMotion: "reduce" }, async (reader, page) => {
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await reader.seek(30);
  const place = await reader.place();
  assert.ok(!asked.some((path) => /checker/.test(path)), "nobody who does not ask loads it");
  await check(page);
  await answer(page).filter({ hasText: /held/ }).waitFor();
  const [, steps, invariants] = (await answer(page).innerText()).match(/(\d+) steps, (\d+) invariants held/);
  assert.ok(Number(steps) > 10 && Number(invariants) === 42, `${steps} steps, ${invariants} invariants`);
  assert.ok(asked.some((path) => /checker_bg\.wasm$/.test(path)));
  assert.equal(await reader.place(), place, "it is another run that was checked");
  assert.match(await page.locator("#live").innerText(), /invariants held/, "it is said, too");
  assert.deepEqual(await barriers(page), []);
  // The focus is where the list was folded out, and the player's keys are not for it.
  await reader.enterPlayer();
  await reader.press("End");
  assert.doesNotMatch(await answer(page).innerText(), /held/, "the next step puts it away");
});

read("a run that the reader changed is checked with the change", { viewport: PHONE, path: "/?scenario=two-guests&at=26", reducedMotion: "reduce" }, async (reader, page) => {
  await page.getByRole("textbox", { name: "Command" }).fill("CONFIG SET maxclients 1");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await reader.press("End");
  await page.locator("#more-acts").click();
  await check(page);
  await answer(page).filter({ hasText: /held/ }).waitFor();
});

read("a run that breaks an invariant pauses there, named, with its seed and its trace", { path: "/?scenario=one-message", reducedMotion: "reduce" }, async (reader, page) => {
  await played(page, ACCUSER);
  await reader.enterPlayer();
  await reader.press("Space");
  await check(page);
  const alert = page.getByRole("alert").filter({ hasText: /breaks/ });
  await alert.waitFor();
  const told = await alert.innerText();
  assert.match(told, /Seed \d+/);
  assert.match(told, /Event 13 breaks invariant 13: nobody is left/);
  assert.match(told, /2 clients were not swept/);
  const place = await reader.place();
  assert.ok(place >= 13, `at ${place} the event is shown`);
  assert.equal(await page.locator("#play").getAttribute("aria-label"), "Play", "it has paused");
  assert.deepEqual(await barriers(page), []);
  const [download] = await Promise.all([page.waitForEvent("download"), alert.getByRole("button", { name: "Save the trace" }).click()]);
  assert.match(download.suggestedFilename(), /\.ndjson$/);
  await reader.enterPlayer();
  await reader.press("ArrowLeft");
  assert.ok((await reader.place()) < 13, "and not a step before");
});

read("a verdict on another run than the one on stage is not shown", { path: "/?scenario=one-message", reducedMotion: "reduce" }, async (reader, page) => {
  // Begins when it is told to, and so that the page hears of it.
  await played(page, `const line = new BroadcastChannel("line"); line.onmessage = () => { ${ACCUSER} };`);
  await check(page);
  await reader.choose("two-guests");
  const worker = page.workers().at(-1);
  const closed = worker.waitForEvent("close");
  await page.evaluate(() => new BroadcastChannel("line").postMessage("now"));
  await closed;
  await reader.frames(5);
  assert.equal(await page.getByRole("alert").filter({ hasText: /breaks/ }).count(), 0);
});

read("a checker that gives no verdict is said to be missing, and a recording is not checked", { reducedMotion: "reduce" }, async (reader, page) => {
  await played(page, "postMessage('ready'); onmessage = () => postMessage('what?')");
  await check(page);
  await answer(page).filter({ hasText: /could not be had/ }).waitFor();
  await reader.drop("saved.ndjson", await reader.save());
  await check(page);
  await answer(page).filter({ hasText: /Only a simulation/ }).waitFor();
});
