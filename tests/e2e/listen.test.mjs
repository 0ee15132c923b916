// A pass through a scenario and a chapter with nothing but what a screen
// reader has: the accessibility tree, and what the polite region says.

import assert from "node:assert/strict";
import { heard, overhear } from "./listen.mjs";
import { read } from "./read.mjs";

const STILL = { reducedMotion: "reduce" };
const CONTROLS = /^(button|link|tab|radio|checkbox|combobox|slider|spinbutton|textbox|DisclosureTriangle)$/;

/** Everything that can be used has a name; no name says only what it is. */
function assertNamed(lines, where) {
  const nameless = lines.filter(({ role, name }) => (CONTROLS.test(role) || /^(image|img|table|region|dialog|tabpanel)$/.test(role)) && !name.trim());
  assert.deepEqual(nameless.map(({ role }) => role), [], where);
}

read("a scenario by ear: landmarks, headings, names, and one sentence a step", { ...STILL, path: "/?scenario=two-guests" }, async (reader, page) => {
  const opened = await heard(page);
  assertNamed(opened, "as opened");
  const of = (role) => opened.filter((line) => line.role === role).map((line) => line.name);
  assert.equal(of("main").length, 1);
  assert.equal(of("banner").length, 1);
  assert.ok(of("complementary").includes("Inspector"));
  for (const region of ["The restaurant", "Timeline", "Be a guest"]) assert.ok(of("region").includes(region), `${region}: ${of("region")}`);
  // The slider of the speed says its value itself.
  const polite = opened.filter(({ states }) => states.live === "polite").map(({ name }) => name);
  assert.ok(polite.length <= 3, `polite regions: ${polite.length}`);
  const levels = opened.filter(({ role }) => role === "heading").map(({ states }) => states.level);
  assert.equal(levels[0], 1);
  levels.forEach((level, i) => assert.ok(i === 0 || level <= levels[i - 1] + 1, `levels ${levels}`));
  // Scenario, stage, transport, timeline, inspector, console: as they stand.
  const order = ["Scenario", "The restaurant", "Transport", "Scrub through the run", "Inspector", "Command"];
  const places = order.map((name) => opened.findIndex((line) => line.name === name));
  assert.ok(places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1])), places.join());

  await overhear(page);
  await reader.enterPlayer();
  const told = [], pictures = new Set(), sliders = new Set();
  for (let step = 0; step < 60; step += 1) {
    const before = await reader.place();
    await reader.press("ArrowRight");
    if ((await reader.place()) === before) break;
    const spoken = await page.evaluate(() => window.spoken.splice(0));
    assert.equal(spoken.length, 1, `a step says one sentence: ${spoken}`);
    assert.ok((await reader.narration()).startsWith(spoken[0].split("\n")[0]), spoken[0]);
    told.push(spoken[0]);
    if (step % 6 === 0) {
      const lines = await heard(page);
      assertNamed(lines, `step ${step}`);
      const picture = lines.find(({ role, name }) => /^(image|img)$/.test(role) && name.length > 30);
      pictures.add(picture?.name);
      sliders.add(await page.getByRole("slider", { name: "Scrub through the run" }).getAttribute("aria-valuetext"));
    }
  }
  assert.ok(told.length >= 25, `${told.length} sentences`);
  assert.ok(pictures.size >= 5 && !pictures.has(undefined), `${[...pictures]}`);
  assert.ok(sliders.size >= 5 && [...sliders].every((text) => /cycle|start|opening/i.test(text)), `${[...sliders]}`);
});

read("a chapter by ear: each step is said once, the question and its answer too", { ...STILL, path: "/#tour/one-chef/1" }, async (reader, page) => {
  await overhear(page);
  const lines = await heard(page);
  assertNamed(lines, "the first step");
  assert.ok(lines.some(({ role, name }) => role === "tab" && name === "Tour"));
  assert.ok(lines.filter(({ role }) => role === "radio").length >= 5, "the question's answers");
  for (let step = 2; step <= 8; step += 1) {
    await page.locator("#tour .walk .pri").focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction((step) => location.hash === `#tour/one-chef/${step}`, step);
    await reader.settled();
    const spoken = await page.evaluate(() => window.spoken.splice(0));
    assert.equal(spoken.length, 1, spoken.join(" | "));
    assert.match(spoken[0], new RegExp(`Step ${step} of 8`));
    assertNamed(await heard(page), `step ${step}`);
  }
});

read("the skip link leads to where a screen reader passes the keys on: a toolbar", { ...STILL, path: "/?scenario=two-guests" }, async (reader, page) => {
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const focused = (await heard(page)).filter(({ role, states }) => states.focused && role !== "RootWebArea");
  assert.deepEqual(focused.map(({ role, name }) => [role, name]), [["toolbar", "Transport"]]);
  for (const key of ["ArrowRight", "Shift+ArrowRight", "ArrowDown", "Tab", "ArrowRight"]) {
    const before = await reader.place();
    await reader.press(key);
    assert.equal((await reader.place()) > before, key !== "Tab", key);
    assert.ok(await page.evaluate(() => document.activeElement.closest("[role=toolbar]")), "still in it");
  }
});

read("no step is silent: where the sentence is the same, the place is said", { ...STILL, path: "/" }, async (reader, page) => {
  await overhear(page);
  await reader.enterPlayer();
  const told = [];
  for (;;) {
    const before = await reader.place();
    await reader.press("Shift+ArrowRight");
    if ((await reader.place()) === before) break;
    const spoken = await page.evaluate(() => window.spoken.splice(0));
    assert.equal(spoken.length, 1, `one for each round: ${spoken}`);
    told.push(spoken[0]);
  }
  assert.ok(told.some((said) => /^cycle 2 of/.test(said)), told.join(" | "));
  assert.equal(new Set(told).size, told.length, told.join(" | "));
});

read("what is refused twice is said twice, and the field's bytes are not read at each letter", { ...STILL, path: "/?scenario=two-guests&at=60" }, async (reader, page) => {
  await overhear(page);
  const field = page.getByRole("textbox", { name: "Command" });
  const described = () => field.evaluate((at) => document.getElementById(at.getAttribute("aria-describedby"))?.textContent);
  assert.match(await described(), /Type a command/);
  await field.fill("SET soup");
  assert.equal(await described(), undefined, "bytes are no description");
  await field.fill('SET soup "tomato');
  assert.match(await described(), /quote at byte 9/);
  for (const time of [1, 2, 3]) {
    await page.keyboard.press("Enter");
    await reader.settled();
    const spoken = await page.evaluate(() => window.spoken.splice(0));
    assert.equal(spoken.length, 1, `time ${time}: ${spoken}`);
    assert.match(spoken[0], /quote at byte 9/);
  }
});

read("what folds out is named by its words, not by its triangle", { ...STILL, path: "/?scenario=two-guests&at=60" }, async (reader, page) => {
  for (const state of ["collapsed", "expanded"]) {
    const names = (await heard(page)).map(({ name }) => name);
    assert.ok(names.some((name) => /^What was said/.test(name)), `${state}: ${names}`);
    assert.deepEqual(names.filter((name) => /[▸▾]/.test(name)), [], state);
    await page.getByRole("button", { name: /What was said/ }).click();
    await reader.settled();
  }
});
