// Other forms of the page: in front of an audience, on paper, without a
// network, in the reader's own colours.

import assert from "node:assert/strict";
import { test } from "node:test";
import { axe } from "./axe.mjs";
import { chromium, read } from "./read.mjs";
import { Reader } from "./reader.mjs";

const MOMENT = { path: "/?scenario=two-guests&at=60", reducedMotion: "reduce" };

read("presenter mode is large, has the keys at once, and ends with Escape", MOMENT, async (reader, page) => {
  const say = page.locator("#narration .say");
  const size = async () => parseFloat(await say.evaluate((element) => getComputedStyle(element).fontSize));
  const before = await size();
  await reader.enterPlayer();
  await page.keyboard.press("p");
  assert.ok((await size()) > before * 1.3);
  for (const hidden of ["#console", ".insp", "#terms"]) assert.ok(!(await page.locator(hidden).isVisible()), hidden);
  const { bottom } = await page.locator("#strip").boundingBox().then((box) => ({ bottom: box.y + box.height }));
  assert.ok(bottom <= 900, `it ends at ${bottom}`);
  const place = await reader.place();
  await reader.press("ArrowRight");
  assert.ok((await reader.place()) > place);
  await axe(page);
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#console").isVisible());
});

read("on paper stands the moment, in light, without what can only be pressed", { ...MOMENT, colorScheme: "dark" }, async (reader, page) => {
  await page.getByRole("tab", { name: "Tables" }).click();
  await page.emulateMedia({ media: "print" });
  for (const hidden of ["#transport", "#console", "#tabs", "#scrub"]) assert.ok(!(await page.locator(hidden).isVisible()), hidden);
  for (const shown of ["#stage svg", "#narration", "#tables", "#strip"]) assert.ok(await page.locator(shown).first().isVisible(), shown);
  const [ink, ...grounds] = await page.evaluate(() => {
    const style = getComputedStyle(document.querySelector("#narration .say"));
    return [style.color, style.backgroundColor, getComputedStyle(document.body).backgroundColor];
  });
  assert.deepEqual([ink, ...grounds], ["rgb(38, 33, 27)", "rgb(255, 255, 255)", "rgb(255, 255, 255)"]);
});

test("once seen, the page opens without a network, and a link in it too", async () => {
  const { browser, base } = chromium();
  const context = await browser.newContext({ reducedMotion: "reduce" });
  try {
    const page = await context.newPage();
    const reader = new Reader(page, base);
    await reader.open("/sub/folder/");
    await page.evaluate(() => navigator.serviceWorker.ready);
    await context.setOffline(true);
    await reader.open("/sub/folder/?scenario=half-an-order&at=26");
    assert.equal(await reader.place(), 26);
    await reader.enterPlayer();
    await reader.press("ArrowRight");
    assert.ok((await reader.place()) > 26);
    await reader.open("/sub/folder/?lang=de");
    assert.equal(await page.locator("html").getAttribute("lang"), "de");
  } finally {
    await context.close();
  }
});

read("with the reader's own colours every state keeps its sign", MOMENT, async (reader, page) => {
  await page.emulateMedia({ forcedColors: "active" });
  await axe(page);
  const strokes = await page.evaluate(() => {
    const canvas = getComputedStyle(document.body).backgroundColor;
    const shapes = [...document.querySelectorAll("#stage .pen, #stage .slip, #stage .padf, #stage .tb, #stage .gb")];
    return shapes.filter((shape) => getComputedStyle(shape).stroke === canvas).length;
  });
  assert.equal(strokes, 0, "no outline has the ground's colour");
});

read("with the reader's own colours the first button can be read and the sliders have their tracks", MOMENT, async (reader, page) => {
  await page.emulateMedia({ forcedColors: "active" });
  const [ground, words, track] = await page.evaluate(() => {
    const send = getComputedStyle(document.getElementById("send"));
    return [send.backgroundColor, send.color, getComputedStyle(document.getElementById("scrub")).backgroundImage];
  });
  assert.notEqual(ground, words);
  assert.match(track, /gradient/);
  assert.equal(await page.locator("#send").evaluate((send) => getComputedStyle(send).forcedColorAdjust), "none");
});

read("in front of an audience the arrow keys walk through the told chapter", { path: "/#tour/final-sweep/2", reducedMotion: "reduce" }, async (reader, page) => {
  await page.locator("#present").click();
  const says = page.locator("#tour .says");
  const before = await says.innerText();
  const size = await page.locator("#narration .lead").evaluate((at) => Number.parseFloat(getComputedStyle(at).fontSize));
  assert.ok(size >= 20, `${size} px`);
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => location.hash === "#tour/final-sweep/3");
  await reader.settled();
  assert.notEqual(await says.innerText(), before);
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(() => location.hash === "#tour/final-sweep/2");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => location.hash), "#tour/final-sweep/2", "an event's step again");
});
