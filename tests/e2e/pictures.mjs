// Pictures for a person to look at, in target/pictures: every scenario at its
// start, in its middle and at its end, light and dark, desktop and phone. Not
// a test: nothing is compared. `npm run pictures` after a build of the page;
// `npm run pictures readme` takes only those that README.md shows.

import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DESKTOP, PHONE, open } from "./browser.mjs";
import { Reader } from "./reader.mjs";

const FOLDER = fileURLToPath(new URL("../../target/pictures/", import.meta.url));
const README_PICTURE = fileURLToPath(new URL("../../docs/pictures/sweep.png", import.meta.url));
const STOCK_REDIS_PICTURE = fileURLToPath(new URL("../../docs/pictures/stock-redis.png", import.meta.url));
const FORK_PICTURE = fileURLToPath(new URL("../../docs/pictures/fork.png", import.meta.url));
const TEN_CLIENTS = fileURLToPath(new URL("../strace/ten-clients.strace", import.meta.url));
const PROGRAM = process.env.ONECHEF ?? fileURLToPath(new URL("../../target/debug/onechef", import.meta.url));
const MOMENTS = [["1-start", 0], ["2-third", 1 / 3], ["3-two-thirds", 2 / 3], ["4-end", 1]];

async function readmePicture(browser, base) {
  const page = await browser.newPage({ viewport: DESKTOP, colorScheme: "light", reducedMotion: "reduce" });
  const reader = new Reader(page, base);
  await reader.open("/?scenario=two-guests");
  await reader.stepUntil(/The chef carries/);
  await reader.panel("Notepad");
  await page.evaluate(() => document.activeElement.blur());
  await page.screenshot({ path: README_PICTURE });
  await page.close();
}

/** Ten clients of a real redis-server, from what strace wrote about it. */
async function stockRedisPicture(browser, base) {
  const page = await browser.newPage({ viewport: DESKTOP, colorScheme: "light", reducedMotion: "reduce" });
  const reader = new Reader(page, base);
  await reader.open("/?terms=both");
  const trace = execFileSync(PROGRAM, ["import", "strace", TEN_CLIENTS, "--reveal"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  await reader.drop("ten-clients.ndjson", trace);
  await reader.stepUntil(/carries .* table 6\b/i);
  await reader.panel("Notepad");
  await page.evaluate(() => document.activeElement.blur());
  await page.screenshot({ path: STOCK_REDIS_PICTURE });
  await page.close();
}

/** A run that the reader changed beside the one that it was, in the dark. */
async function forkPicture(browser, base) {
  // High enough for both drawings to be as wide as they may.
  const viewport = { ...DESKTOP, height: 1100 };
  const page = await browser.newPage({ viewport, colorScheme: "dark", reducedMotion: "reduce" });
  const reader = new Reader(page, base);
  await reader.open("/?scenario=slow-dish");
  await reader.stepUntil(/On the grill: DEBUG/);
  await page.locator("#console-guest").selectOption({ label: "2 · bob" });
  await page.locator("#command").fill("SET price 42");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Side by side" }).click();
  await reader.stepUntil(/On the grill: SET/);
  await page.evaluate(() => {
    document.activeElement.blur();
    window.scrollTo(0, 0);
  });
  const { y, height } = await page.locator(".scenes").boundingBox();
  const clip = { x: 0, y: y - 8, width: DESKTOP.width, height: height + 8 };
  await page.screenshot({ path: FORK_PICTURE, clip });
  await page.close();
}

async function readmePictures(browser, base) {
  await readmePicture(browser, base);
  await forkPicture(browser, base);
  await stockRedisPicture(browser, base);
}

async function allPictures(browser, base) {
  for (const [form, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await browser.newPage({ viewport, colorScheme, reducedMotion: "reduce" });
      const reader = new Reader(page, base);
      await reader.open("/");
      const slugs = await page
        .locator("#scenario option")
        .evaluateAll((options) => options.map((option) => option.value).filter(Boolean));
      for (const slug of slugs) {
        await reader.open(`/?scenario=${slug}`);
        await reader.enterPlayer();
        const places = await reader.walk("ArrowRight");
        for (const [moment, share] of MOMENTS) {
          await reader.seek(places[Math.round((places.length - 1) * share)]);
          await page.evaluate(() => document.activeElement.blur());
          await page.screenshot({ path: `${FOLDER}${slug}-${moment}-${form}-${colorScheme}.png` });
        }
        console.log(`${slug}, ${form}, ${colorScheme}: ${places.length} steps`);
      }
      await page.close();
    }
  }
}

await mkdir(FOLDER, { recursive: true });
const { browser, base, close } = await open();
try {
  await (process.argv[2] === "readme" ? readmePictures : allPictures)(browser, base);
} finally {
  await close();
}
