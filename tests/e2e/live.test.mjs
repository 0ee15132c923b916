// A real server, watched from the page that it serves: what its clients do
// appears, the past can be looked at, saved and opened again, the loop can be
// held, and a server that goes away is missed and found again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { client, commands, watching } from "./live.mjs";

test("what clients do appears in order; the past can be looked at, saved and opened again", async () => {
  await watching(async ({ server, page, reader }) => {
    const guest = client(server().port);
    await guest.ask("SET", "price", "42");
    await guest.ask("GET", "price");
    await guest.ask("CLIENT", "SETNAME", "<img/src=x/onerror=alert(1)>");
    await guest.ask("DEL", "price");
    await page.waitForFunction(() => document.querySelectorAll("#stage [id^='guest-'], #stage svg").length > 0);
    await reader.enterPlayer();
    await page.keyboard.press("Shift+ArrowLeft");
    await page.getByText(/you look at the past/).waitFor();
    const place = await reader.place();
    await guest.ask("PING");
    const trace = await reader.save();
    assert.deepEqual(commands(trace).slice(0, 4), ["set", "get", "client|setname", "del"]);
    assert.ok(!trace.includes("price") && !trace.includes("onerror"), "neither keys nor names are told");
    assert.ok((await reader.place()) <= place, "the past stays where it is");
    await page.getByRole("button", { name: "Jump to now" }).click();
    await page.getByText("Live: this is now.").waitFor();
    await reader.drop("saved.ndjson", trace);
    assert.equal(await page.locator("#live-bar").innerText(), "");
    assert.ok((await reader.place()) === 0, "a recording begins at its start");
    guest.end();
  });
});

test("a live server cannot be changed from the page, and the page says so", async () => {
  await watching(async ({ page }) => {
    await page.getByRole("textbox", { name: "Command" }).fill("PING");
    await page.locator("#send").click({ force: true });
    await page.getByText(/live server: it can be watched/).first().waitFor();
  });
});

test("the page holds the loop, a client waits, and is answered when it is let go", async () => {
  await watching(
    async ({ server, page }) => {
      const guest = client(server().port);
      await guest.ask("PING");
      // What comes before the server has taken the order is not held.
      const taken = page.waitForResponse(/\/step\/sweep$/);
      await page.getByRole("button", { name: "Hold before a sweep" }).click();
      await taken;
      guest.send("PING");
      await page.getByText("Held before the sweep.").waitFor();
      const answer = guest.answer();
      await page.getByRole("button", { name: "Let go" }).click();
      assert.equal(await answer, "+PONG\r\n");
      await page.getByText("The loop runs.").waitFor();
      guest.end();
    },
    ["--step=5"],
  );
});

test("a server that goes away is missed and found again, with the gap marked", async () => {
  await watching(async ({ page, reader, again }) => {
    const seen = await reader.place();
    const restart = await again();
    await page.getByText(/does not answer/).waitFor();
    assert.ok((await reader.place()) >= seen, "what was seen is kept");
    await restart();
    await page.getByText(/this is now. Unseen in between: 1 gap/).waitFor();
  });
});
