// Colours: whatever is written can be read, whatever has the focus can be seen,
// and no state is told by its colour alone. In both themes, on paper, and in
// the reader's own colours.

import assert from "node:assert/strict";
import { DESKTOP, PHONE } from "./browser.mjs";
import { POINTS, dimTexts } from "./colours.mjs";
import { read } from "./read.mjs";

const STILL = { reducedMotion: "reduce" };
// Each with states that others have not: asleep, cooking, half an order, a full
// table, somebody thrown out, somebody who waits for a key, a crowd.
const MOMENTS = [
  ["first-guest", [0, 0.5, 1]],
  ["half-an-order", [0.3, 0.6, 0.9]],
  ["slow-reader", [0.4, 0.7]],
  ["too-big-an-order", [0.5, 0.8, 1]],
  ["blocked-guests", [0.4, 0.7]],
];

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [DESKTOP, PHONE]) {
    read(`every text in the drawings stands out from what is behind it: ${colorScheme}, ${viewport.width} px`, { ...STILL, colorScheme, viewport }, async (reader, page) => {
      let count = 0;
      const dim = new Set();
      for (const [scenario, shares] of MOMENTS) {
        await reader.open(`/?scenario=${scenario}`);
        await reader.enterPlayer();
        await reader.press("End");
        const end = await reader.place();
        for (const share of shares) {
          await reader.seek(Math.floor(end * share));
          const found = await dimTexts(page, "#stage, #strip");
          count += found.count;
          found.dim.forEach((text) => dim.add(`${scenario} at ${share}: ${text}`));
        }
      }
      // A crowd is drawn as a map of seats.
      const guests = Array.from({ length: 40 }, (_, i) => `g${i}`);
      const acts = guests.flatMap((name, i) => [`at ${1 + i}ms ${name} connects`, `at 50ms ${name} sends PING`]);
      await reader.drop("crowd.scenario", ["onechef scenario 1", "title A crowd", ...guests.map((name) => `client ${name}`), ...acts, ""].join("\n"));
      await reader.enterPlayer();
      await reader.press("End");
      const end = await reader.place();
      for (const share of [0.3, 0.6, 0.9]) {
        await reader.seek(Math.floor(end * share));
        const found = await dimTexts(page, "#stage, #strip");
        count += found.count;
        found.dim.forEach((text) => dim.add(`a crowd at ${share}: ${text}`));
      }
      assert.ok(count > 300, `only ${count} texts`);
      assert.deepEqual([...dim], []);
    });
  }

  read(`whatever has the focus can be seen to have it: ${colorScheme}`, { ...STILL, colorScheme, path: "/?scenario=two-guests&at=30" }, async (reader, page) => {
    await page.evaluate(POINTS);
    await reader.drop("broken.ndjson", "not a trace\n");
    await page.locator(".skip").focus();
    const missing = [], seen = new Set();
    for (let stop = 0; stop < 200; stop += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === document.body || element.dataset.visited) return null;
        element.dataset.visited = "yes";
        element.scrollIntoView({ block: "nearest" });
        const box = (element.closest("label") ?? element).getBoundingClientRect();
        const clip = { x: Math.max(0, box.x - 8), y: Math.max(0, box.y - 8) };
        clip.width = Math.min(innerWidth, box.right + 8) - clip.x;
        clip.height = Math.min(innerHeight, box.bottom + 8) - clip.y;
        const name = `${element.tagName}#${element.id}.${element.getAttribute("class")} ${element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 30)}`;
        return { clip, name };
      });
      if (!at) break;
      seen.add(at.name);
      const shot = async () => (await page.screenshot({ clip: at.clip, scale: "css", caret: "hide" })).toString("base64");
      const focused = await shot();
      await page.evaluate(() => (window.had = document.activeElement).blur());
      const plain = await shot();
      await page.evaluate(() => window.had.focus({ preventScroll: true, focusVisible: true }));
      const marked = await page.evaluate(async ([focused, plain]) => {
        const [a, b] = [await window.points(focused), await window.points(plain)];
        let marked = 0;
        for (let i = 0; i < a.data.length; i += 4) {
          const light = (of) => window.luminance(of.data[i], of.data[i + 1], of.data[i + 2]);
          if (window.contrast(light(a), light(b)) >= 3) marked += 1;
        }
        return marked;
      }, [focused, plain]);
      // A line of one point around a target of 24 by 24.
      if (marked < 96) missing.push(`${at.name}: ${marked} points`);
    }
    assert.ok(seen.size > 40, `${seen.size} stops`);
    assert.deepEqual(missing, []);
  });
}

/** Puts a state's picture beside the others: how many points differ at least. */
async function least(page, pictures) {
  await page.evaluate(POINTS);
  return page.evaluate(async (pictures) => {
    const all = await Promise.all(pictures.map((picture) => window.points(picture)));
    let least = Infinity;
    for (const [i, a] of all.entries()) {
      for (const b of all.slice(i + 1)) {
        let differ = 0;
        for (let at = 0; at < Math.min(a.data.length, b.data.length); at += 4) {
          const light = (of) => window.luminance(of.data[at], of.data[at + 1], of.data[at + 2]);
          // Thin lines are half their strength where they lie between points.
          if (window.contrast(light(a), light(b)) >= 2) differ += 1;
        }
        least = Math.min(least, differ);
      }
    }
    return least;
  }, pictures);
}

const FORMS = {
  "in shades of grey": { style: "html { filter: grayscale(1) }" },
  "in the reader's own colours, dark": { media: { forcedColors: "active", colorScheme: "dark" } },
  "in the reader's own colours, light": { media: { forcedColors: "active" } },
  "on paper": { media: { media: "print" } },
};

for (const [name, { style, media }] of Object.entries(FORMS)) {
  read(`flags, lamps and kinds of work differ by more than their colour: ${name}`, { ...STILL, path: "/?scenario=two-guests", viewport: { width: 1440, height: 1800 } }, async (reader, page) => {
    const shot = async (clip) => (await page.screenshot({ clip, scale: "css" })).toString("base64");
    // Each state of a lamp, and of a flag at its table, by what is drawn.
    const states = { "lamp:1": new Map(), "seat:1": new Map() };
    await reader.enterPlayer();
    await page.addStyleTag({ content: `.hit { outline: none !important } ${style ?? ""}` });
    if (media) await page.emulateMedia(media);
    for (let step = 0; step < 45; step += 1) {
      await reader.press("ArrowRight");
      for (const [id, met] of Object.entries(states)) {
        const at = await page.evaluate((id) => {
          const element = document.getElementById(id);
          if (!element) return null;
          const classes = [...element.querySelectorAll("circle")].map((e) => e.getAttribute("class")).filter((c) => /lamp|hotring/.test(c));
          const flag = element.querySelector("[href='#flag']") ? "flag" : "";
          const svg = document.querySelector("#stage svg").getBoundingClientRect(), k = svg.width / 920;
          const [x, y] = id === "lamp:1" ? [57, 60] : [146, 462];
          const size = id === "lamp:1" ? [26, 30] : [30, 70];
          return { state: classes.join("+") + flag, clip: { x: svg.x + x * k, y: svg.y + y * k, width: size[0] * k, height: size[1] * k } };
        }, id);
        if (at && !met.has(at.state)) met.set(at.state, await shot(at.clip));
      }
    }
    assert.ok(states["lamp:1"].size >= 4, [...states["lamp:1"].keys()].join());
    assert.equal(states["seat:1"].size, 2, [...states["seat:1"].keys()].join());
    assert.ok((await least(page, [...states["lamp:1"].values()])) >= 8, "lamps");
    assert.ok((await least(page, [...states["seat:1"].values()])) >= 60, "the flag");
    const swatches = [];
    for (const swatch of await page.locator("#strip .legend .it svg").all()) swatches.push(await shot(await swatch.boundingBox()));
    assert.equal(swatches.length, 11);
    assert.ok((await least(page, swatches)) >= 8, "kinds of work and signs");
  });
}
