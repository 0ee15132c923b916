// Where things stand: nothing covers anything, whatever is shown besides.

import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "./browser.mjs";
import { read } from "./read.mjs";
import { strayedFromItsRoom } from "./reader.mjs";

const STILL = { reducedMotion: "reduce" };

/** The first element that `selector` finds, as the screen shows it. */
const box = (page, selector) =>
  page.locator(selector).first().evaluate((element) => {
    const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
    return { left, top, right, bottom, width, height };
  });

async function assertNothingIsCovered(page, state) {
  const con = await box(page, "#console");
  for (const selector of ["#stage svg", "#transport", ".timeline", "#told", ".insp"]) {
    const { bottom } = await box(page, selector);
    assert.ok(bottom <= con.top + 1, `${state}: ${selector} ends at ${bottom}, the console begins at ${con.top}`);
  }
  const { height } = page.viewportSize();
  assert.ok(con.bottom <= height + 1, `${state}: the console ends at ${con.bottom} of ${height}`);
  assert.ok((await box(page, "#strip svg")).height >= 40, `${state}: the timeline has room`);
  assert.ok((await box(page, "#stage svg")).height >= 250, `${state}: the drawing has room`);
}

for (const viewport of [DESKTOP, { width: 1440, height: 800 }, { width: 1280, height: 720 }]) {
  read(`whatever is shown, the console covers nothing: ${viewport.width} by ${viewport.height}`, { ...STILL, viewport, path: "/?scenario=slow-dish" }, async (reader, page) => {
    await reader.stepUntil(/On the grill: DEBUG/);
    await assertNothingIsCovered(page, "as it is");
    const lanes = page.getByRole("button", { name: /^Lanes/ });
    await lanes.click();
    await assertNothingIsCovered(page, "with lanes");
    await lanes.click();
    await reader.drop("broken.ndjson", "not a trace\n");
    await assertNothingIsCovered(page, "with a fault");
    await page.locator("#fault").getByRole("button").first().click();
    // As long as it gets; what a real server has said is in live.test.mjs.
    await page.locator("#live-bar").evaluate((bar) => bar.append("watched: a server ".repeat(12)));
    await assertNothingIsCovered(page, "with a live server");
    await page.locator("#live-bar").evaluate((bar) => bar.replaceChildren());
    await page.locator("#console-guest").selectOption({ label: "2 · bob" });
    await page.locator("#command").fill("SET price 42");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Side by side" }).click();
    await reader.settled();
    await assertNothingIsCovered(page, "side by side");
    const [was, is] = [await box(page, "#was svg"), await box(page, "#stage svg")];
    assert.deepEqual([was.top, was.bottom, was.width], [is.top, is.bottom, is.width]);
    assert.ok((await box(page, "#told")).height >= 60, "the comparison can be read");
  });
}

for (const width of [1264, 1280, 1420, 1421, 1440]) {
  for (const lang of ["en", "de"]) {
    read(`the bar is one row beside a run that was: ${lang}, ${width} px`, { ...STILL, viewport: { width, height: 800 } }, async (reader, page) => {
      await reader.open(`/?scenario=two-guests&at=45&lang=${lang}`);
      const height = async () => (await box(page, ".top")).height;
      const before = await height();
      await page.locator("#command").fill("PING");
      await page.keyboard.press("Enter");
      await page.locator("#fork button").first().waitFor();
      assert.equal(await height(), before);
    });
  }
}

for (const viewport of [DESKTOP, PHONE, { width: 320, height: 640 }]) {
  read(`the waiter stands clear of tables and guests: ${viewport.width} px`, { ...STILL, viewport, path: "/#tour/waiters/6" }, async (reader, page) => {
    await reader.settled();
    const waiter = await box(page, "[id='obj:helper']");
    const tables = page.locator("#stage [data-client] use[href^='#table']");
    assert.ok((await tables.count()) >= 4);
    for (const table of await tables.all()) {
      const edge = await table.evaluate((use) => use.getBoundingClientRect().top);
      assert.ok(waiter.bottom <= edge + 8 * (await box(page, "#stage svg")).width / (viewport.width > 640 ? 920 : 390), `${waiter.bottom} is below the table at ${edge}`);
    }
    for (const guest of await page.locator("#stage [data-client] use[href^='#guest']").all()) {
      const { left, right } = await guest.evaluate((use) => use.getBoundingClientRect());
      assert.ok(right <= waiter.left + 1 || left >= waiter.right - 1, `the waiter from ${waiter.left} to ${waiter.right} stands over a guest from ${left} to ${right}`);
    }
  });
}

/** Looked at from the start: kinds of events come again and again. */
const PLACES = { limit: 120, step: 4 };

async function strayedAnywhere({ limit, step }) {
  const scrub = document.getElementById("scrub"), found = [];
  for (let place = 0; place <= Math.min(Number(scrub.max), limit); place += step) {
    scrub.value = place;
    scrub.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
    found.push(...strayedFromItsRoom());
  }
  return found;
}

// The drawing keeps as much room as the longest sentence needs, and in German
// they are longest.
for (const [lang, viewport] of [["de", DESKTOP], ["de", { width: 320, height: 700 }]]) {
  read(`every sentence of every scenario has its room in the drawing: ${lang}, ${viewport.width} px`, { ...STILL, viewport, path: `/?lang=${lang}` }, async (reader, page) => {
    const scenarios = await page.locator("#scenario option").evaluateAll((all) => all.map((one) => one.value).filter(Boolean));
    assert.ok(scenarios.length >= 15);
    const strayed = new Set();
    await page.addScriptTag({ content: String(strayedFromItsRoom) });
    for (const scenario of scenarios) {
      await page.locator("#scenario").selectOption(scenario);
      await reader.settled();
      for (const what of await page.evaluate(strayedAnywhere, PLACES)) strayed.add(`${scenario}: ${what}`);
    }
    assert.deepEqual([...strayed], []);
  });
}

for (const [width, drawing] of [[1000, 920], [700, 920], [600, 390], [390, 390]]) {
  read(`in a frame of ${width} px the drawing is made for that width`, { ...STILL, viewport: { width, height: 700 }, path: "/?embed=1&scenario=two-guests" }, async (reader, page) => {
    const svg = page.locator("#stage svg").first();
    assert.equal(Number((await svg.getAttribute("viewBox")).split(" ")[2]), drawing);
    const shown = (await box(page, "#stage svg")).width;
    assert.ok(shown / drawing < 1.4, `${drawing} px are drawn ${shown} px wide`);
  });
}

/** Names and numbers of the drawing that lie on each other or leave it. */
const collisions = () => {
  const svg = document.querySelector("#stage svg"), around = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")]
    .filter((text) => text.textContent.trim() && text.getClientRects().length)
    .map((text) => {
      const { left, right, top, bottom, height } = text.getBoundingClientRect();
      return { words: text.textContent, left, right, top: top + height / 5, bottom: bottom - height / 5 };
    });
  const out = texts.filter((one) => one.left < around.left - 1 || one.right > around.right + 1).map((one) => `${one.words} sticks out`);
  texts.forEach((one, i) => {
    for (const other of texts.slice(i + 1)) {
      const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (wide > 1 && high > 1) out.push(`${one.words} lies on ${other.words}`);
    }
  });
  return out;
};

for (const lang of ["en", "de"]) {
  for (const scenario of ["two-guests", "blocked-guests"]) {
    read(`on the phone no name covers another: ${scenario}, ${lang}`, { ...STILL, viewport: PHONE, path: `/?scenario=${scenario}&lang=${lang}` }, async (reader, page) => {
      await reader.enterPlayer();
      for (let last = -1; last !== (await reader.place()); ) {
        last = await reader.place();
        assert.deepEqual(await page.evaluate(collisions), [], `at ${last}`);
        await page.keyboard.press("ArrowRight");
        await reader.frames(1);
      }
    });
  }
}

for (const width of [1440, 900, 390]) {
  read(`what is left to do at the end can be read and pressed: ${width} px`, { ...STILL, viewport: { width, height: 900 }, path: "/?scenario=slow-reader&lang=de" }, async (reader, page) => {
    await reader.seek(Number(await page.locator("#scrub").getAttribute("max")));
    const [tick, around] = [await box(page, "[data-act=tick]"), await box(page, "#position")];
    assert.ok(tick.width > 60 && tick.left >= around.left - 1 && tick.right <= around.right + 1, `${tick.left} to ${tick.right} in ${around.left} to ${around.right}`);
  });
}

read("at 320 px the way on has its whole name, and an order can be typed", { ...STILL, viewport: { width: 320, height: 640 }, path: "/?lang=de#tour/waiters/7" }, async (reader, page) => {
  const cut = await page.locator(".walk .pri").evaluate((button) => button.scrollWidth - button.clientWidth);
  assert.ok(cut <= 0, `${cut} px of the name are cut`);
  await reader.open("/?scenario=slow-reader&at=100&lang=de");
  assert.ok((await box(page, "#command")).width >= 80);
  const [transport, con] = [await box(page, "#transport"), await box(page, "#console")];
  assert.ok(transport.bottom <= con.top + 1, "the transport is under the console");
});
