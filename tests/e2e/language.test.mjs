// The page in German: nothing of it is left in English, numbers are written
// as Germans write them, and without the words it says so in English.

import assert from "node:assert/strict";
import { read } from "./read.mjs";

/** What only English sentences hold. Redis's own names are none of these. */
const ENGLISH = /\b(the|and|of|with|from|is|are|what|why|chef|guests?|tables?|plates?|round|cycle|orders?|reply|waits?|written|queued|nobody|next|back|step|chapter|open|your|you|bytes? (stay|waits?)|asleep|awake|half|rack)\b/i;

/** All that is shown or read aloud, but for calls, commands and run texts, which stay as they are. */
function said(page) {
  return page.evaluate(() => {
    const kept = "script, style, noscript, code, kbd, .term, .tx > .r, #wire, #line, textarea, #language, .ticks, .tt, .pm, .ach, .jk, .jv";
    const told = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const text = node.data.trim();
      // A reply's own text is Redis's.
      const own = text.replace(/[+-][A-Z]+( .*)?\\r\\n/, "");
      if (own && !node.parentElement.closest(kept)) told.push(own);
    }
    for (const element of document.querySelectorAll("[aria-label], [title], [aria-valuetext]")) {
      if (element.closest(kept)) continue;
      for (const name of ["aria-label", "title", "aria-valuetext"]) told.push(element.getAttribute(name) ?? "");
    }
    return told.concat(document.title);
  });
}

async function assertGerman(page, where) {
  const left = (await said(page)).filter((text) => ENGLISH.test(text));
  assert.deepEqual([...new Set(left)], [], where);
}

const TABS = ["Start", "Tour", "Block", "Verlauf", "Zähler", "Tabellen"];

for (const scenario of ["half-an-order", "slow-reader", "slow-dish", "combined-order"]) {
  read(`nothing is left in English: ${scenario}`, { reducedMotion: "reduce", path: `/?lang=de&scenario=${scenario}` }, async (reader, page) => {
    assert.equal(await page.locator("html").getAttribute("lang"), "de");
    await assertGerman(page, "as opened");
    const last = Number(await page.locator("#scrub").getAttribute("max"));
    for (const share of [0.2, 0.5, 0.7, 1]) {
      await reader.seek(Math.floor(last * share));
      for (const tab of TABS) {
        await page.getByRole("tab", { name: tab }).click();
        await assertGerman(page, `${tab} at ${share}`);
      }
    }
    await page.getByRole("tab", { name: "Block" }).click();
    await page.locator("[data-why]").first().click();
    await assertGerman(page, "with a question asked");
    await page.locator("[data-act=lanes]").click();
    await assertGerman(page, "with the lanes");
    await page.locator("#add-guest").click();
    await page.locator("[data-act=beside]").click();
    await assertGerman(page, "with a run beside another");
    await reader.drop("broken.ndjson", "not a trace\n");
    await page.locator("#fault [data-act=dismiss]").click();
    await page.locator("#help").click();
    await assertGerman(page, "with the help open");
  });
}

read("the tour is told in German", { reducedMotion: "reduce", path: "/?lang=de#tour" }, async (reader, page) => {
  await assertGerman(page, "the list");
  for (const chapter of ["one-chef", "reading", "goes-wrong", "cost"]) {
    await page.evaluate((chapter) => (location.hash = `#tour/${chapter}/1`), chapter);
    for (;;) {
      await assertGerman(page, await page.evaluate(() => location.hash));
      const reveal = page.locator("[data-act=reveal]");
      if (await reveal.count()) await reveal.click();
      await assertGerman(page, "revealed");
      if (await page.locator("[data-act=prepare]").count()) break;
      await page.locator("#tour nav a.pri").click();
    }
  }
});

read("the language is chosen in the page, at once, and remembered", { reducedMotion: "reduce" }, async (reader, page) => {
  await reader.seek(40);
  const english = await page.locator("#narration .say").innerText();
  const at = await page.locator("#scrub").inputValue();
  await page.locator("#language").selectOption("de");
  await page.locator("html[lang=de]").waitFor();
  await assertGerman(page, "chosen");
  assert.notEqual(await page.locator("#narration .say").innerText(), english);
  assert.equal(await page.locator("#scrub").inputValue(), at, "the moment stays");
  await page.reload();
  await page.locator("#stage svg").first().waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "de");
  assert.equal(await page.locator("#language").inputValue(), "de");
  await page.locator("#language").selectOption("en");
  await page.locator("html[lang=en]").waitFor();
  assert.match(await page.locator("#begin").textContent(), /Begin/);
});

read("numbers are written as Germans write them", { path: "/?lang=de&scenario=slow-reader" }, async (reader, page) => {
  await reader.seek(Number(await page.locator("#scrub").getAttribute("max")));
  await page.getByRole("tab", { name: "Verlauf" }).click();
  const told = (await said(page)).join("\n");
  assert.match(told, /\d\.\d{3} Bytes/);
  assert.match(told, /\d,\d+ (ms|KB|s)\b/);
});

read("an unknown language is said to be none", { path: "/?lang=xx" }, async (reader, page) => {
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.match(await page.locator("#fault").innerText(), /words for “xx” could not be loaded/);
});

read("with a broken file English stays, and the page says where", { path: "/?scenario=two-guests", serviceWorkers: "block" }, async (reader, page) => {
  await page.route("**/text/de.txt", (route) => route.fulfill({ status: 200, body: "[nobody x" }));
  await page.locator("#language").selectOption("de");
  await page.getByText("de.txt, line 1").waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.equal(await page.locator("#language").inputValue(), "en");
  assert.match(await page.locator("#begin").textContent(), /Begin/);
});

read("back in English, the page says what it said", { path: "/?scenario=half-an-order&at=40", reducedMotion: "reduce" }, async (reader, page) => {
  const before = await said(page);
  const speak = async (language, title) => {
    await page.locator("#language").selectOption(language);
    await page.waitForFunction((title) => document.documentElement.lang === title, title);
    await reader.settled();
  };
  await speak("de", "de");
  await assertGerman(page, "in German");
  await speak("en", "en");
  assert.deepEqual(await said(page), before);
});
