// Pictures for a person to look at, in target/pictures: every scenario at its
// start, in its middle and at its end, light and dark, desktop and phone. Not
// a test: nothing is compared. `npm run pictures` after a build of the page.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DESKTOP, PHONE, open } from "./browser.mjs";
import { Reader } from "./reader.mjs";

const FOLDER = fileURLToPath(new URL("../../target/pictures/", import.meta.url));

await mkdir(FOLDER, { recursive: true });
const { browser, base, close } = await open();
try {
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
        for (const [moment, share] of [["1-start", 0], ["2-third", 1 / 3], ["3-two-thirds", 2 / 3], ["4-end", 1]]) {
          await reader.seek(places[Math.round((places.length - 1) * share)]);
          await page.screenshot({ path: `${FOLDER}${slug}-${moment}-${form}-${colorScheme}.png` });
        }
        console.log(`${slug}, ${form}, ${colorScheme}: ${places.length} steps`);
      }
      await page.close();
    }
  }
} finally {
  await close();
}
