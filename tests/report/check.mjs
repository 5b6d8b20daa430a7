// Opens pages of `infsim report` in a browser and asks whether they show, link, sort, filter and give back what they should.
//
// usage: node check.mjs CHROMIUM MANIFEST.json
//
// The manifest is a list of {page, kind, table?, hostile?}; prints one line per failure and exits 1 where there are any.
// With {picture: FILE, width, dark} in an entry the page is also photographed.
import fs from "node:fs";
import {pathToFileURL} from "node:url";

import {chromium} from "playwright-core";

const [executablePath, manifest] = process.argv.slice(2);
const failures = [];
let where = "";
const check = (holds, what) => {
  if (!holds) failures.push(`${where}: ${what}`);
};

async function open(browser, entry, options = {}) {
  const page = await browser.newPage({viewport: {width: entry.width ?? 1400, height: 1000}, colorScheme: entry.dark ? "dark" : "light",
                                      acceptDownloads: true, ...options});
  page.on("console", (message) => check(!["error", "warning"].includes(message.type()), `console: ${message.text()}`));
  page.on("pageerror", (error) => check(false, `error: ${error}`));
  page.on("dialog", (dialog) => { check(false, `a dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    const url = request.url();
    check(url.startsWith("file:") && url.endsWith(".html") || url.startsWith("data:") || url.startsWith("blob:"), `asks for ${url.slice(0, 80)}`);
  });
  await page.goto(pathToFileURL(entry.page).href);
  return page;
}

/** Every chart has a drawing, a name for each axis that has numbers, and no text outside the page. */
async function charts(page) {
  const state = await page.evaluate(() => [...document.querySelectorAll(".plot")].map((plot) => ({
    name: plot.dataset.chart, drawn: !!plot.querySelector("svg"), says: plot.querySelector(".nothing")?.textContent ?? "",
    marks: plot.querySelectorAll("svg.drawing g:not([aria-label*=axis]):not([aria-label*=grid]) > :is(circle, rect, path)").length,
    labels: [...plot.querySelectorAll("g[aria-label$='axis label'] text")].map((t) => t.textContent),
    wide: document.documentElement.scrollWidth > window.innerWidth,
    cut: [...plot.querySelectorAll("svg.drawing text")].filter((text) => {
      const [inner, outer] = [text.getBoundingClientRect(), plot.closest("figure").getBoundingClientRect()];
      return inner.width > 0 && (inner.left < outer.left - 1 || inner.right > outer.right + 1);
    }).map((text) => text.textContent),
    nan: /NaN|undefined|null/.test(plot.textContent),
  })));
  for (const chart of state) {
    check(chart.drawn || chart.says.length > 10, `chart ${chart.name} is empty and does not say why`);
    check(!chart.drawn || chart.labels.length > 0, `chart ${chart.name} has no named axis`);
    check(!chart.drawn || chart.marks > 0, `chart ${chart.name} has nothing in it`);
    check(!chart.wide, "the page is wider than the window");
    check(chart.cut.length === 0, `chart ${chart.name} has text beyond its frame: ${chart.cut[0]}`);
    check(!chart.nan, `chart ${chart.name} shows NaN, undefined or null`);
  }
  return state;
}

const section = (page, index = 0) => page.locator("section:has(.table)").nth(index);
const shownRow = async (part) => Number(await part.locator("tr[aria-selected=true]").getAttribute("data-row"));

/** A row selects its point in the charts; arrow keys in a chart select the row. */
async function linked(page, part) {
  const rows = part.locator("tbody tr[data-row]");
  const count = await rows.count();
  if (count < 2) return;
  await rows.nth(1).click();
  check(await shownRow(part) === Number(await rows.nth(1).getAttribute("data-row")), "a click does not select the row");
  const plots = part.locator(".plot[tabindex]");
  check(await plots.count() > 0, "no chart takes keys");
  const first = plots.first();
  const ring = () => first.locator(".ring").evaluateAll((all) => all.map((g) => g.outerHTML).join(""));
  await first.focus();
  await page.keyboard.press("Home");
  const [atHome, drawnHome] = [await shownRow(part), await ring()];
  await page.keyboard.press("ArrowRight");
  const [next, drawnNext] = [await shownRow(part), await ring()];
  check(atHome !== next, "an arrow key in a chart does not select another row of the table");
  check(drawnHome !== drawnNext, "the ring does not follow the selection");
  check((await page.locator("#said").textContent()).startsWith("Selected"), "a screen reader is not told");
  await rows.nth(0).focus();
  await page.keyboard.press("End");
  check(await rows.last().getAttribute("aria-selected") === "true", "End in the table does not select its last row");
  check(await rows.last().evaluate((row) => row === document.activeElement), "the focus does not follow in the table");
}

/** A click on a dot of the first chart selects its row. */
async function clicked(page, part) {
  const dots = part.locator(".plot[tabindex] .points circle");
  if (await dots.count() < 2) return;
  const before = await shownRow(part);
  for (const at of [0, 1]) {
    await dots.nth(at).click({force: true});
    if (await shownRow(part) !== before) return;
  }
  check(false, "clicks on dots of a chart select nothing");
}

async function column(part, index) {
  return part.locator(`tbody tr[data-row] td:nth-child(${index + 1})`).evaluateAll((cells) => cells.map((c) => c.title || c.textContent));
}

async function sorts(part) {
  const heads = part.locator("thead button");
  const index = await heads.evaluateAll((all) => all.findIndex((b) => ["throughput_avg", "peak_rate", "batch"].includes(b.dataset.column)));
  check(index >= 0, "the table has no column of figures");
  const numbers = async () => (await column(part, index)).filter((t) => t !== "").map((t) => Number(t.replaceAll(",", "")));
  await heads.nth(index).click();
  const up = await numbers();
  check(up.every((x, i) => i === 0 || up[i - 1] <= x), "does not sort upwards");
  await heads.nth(index).click();
  const down = await numbers();
  check(down.every((x, i) => i === 0 || down[i - 1] >= x), "does not sort downwards");
  check(await part.locator("th[aria-sort=descending]").count() === 1, "the sorted column is not marked");
}

async function download(page, part) {
  const [file] = await Promise.all([page.waitForEvent("download"), part.locator("button.download").click()]);
  return fs.readFileSync(await file.path(), "utf8");
}

async function filters(page, part, entry) {
  const box = part.locator("input[type=search]");
  const all = await part.locator("tbody tr[data-row]").count();
  await box.fill(entry.filter);
  const some = await part.locator("tbody tr[data-row]").count();
  check(some > 0 && some < all, `the filter ${entry.filter} leaves ${some} of ${all} rows`);
  const lines = (await download(page, part)).trimEnd().split("\n").length;
  check(lines === some + 1, "the CSV does not have the rows that are shown");
  await box.fill("no such text anywhere");
  check(await part.locator("tbody tr[data-row]").count() === 0, "a filter that nothing holds leaves rows");
  await box.fill("");
}

async function settings(page, part) {
  const list = part.locator("select.setting");
  if (await list.count() === 0) return;
  const sentences = () => part.locator(".sentences").textContent();
  await list.selectOption({index: 0});
  const before = await sentences();
  await list.selectOption({index: await list.locator("option").count() - 1});
  check(await sentences() !== before, "another setting has the same sentences");
}

async function all(browser, entry) {
  const page = await open(browser, entry);
  check((await page.locator("h1").textContent()) === "infsim report", "has no title");
  await charts(page);
  for (const text of entry.says ?? []) check((await page.locator("body").innerText()).includes(text), `does not say: ${text}`);
  for (const name of entry.charts ?? []) {
    const plot = page.locator(`.plot[data-chart="${name}"] svg`).first();
    check(await plot.count() === 1, `has no chart ${name}`);
  }
  if (entry.table) {
    const part = section(page);
    check(await download(page, part) === fs.readFileSync(entry.table, "utf8"), "the CSV is not the table of the folder");
    await linked(page, part);
    await clicked(page, part);
    await settings(page, part);
    await sorts(part);
    if (entry.filter) await filters(page, part, entry);
    await charts(page);
  }
  check(!await page.evaluate(() => window.hostile), "a name ran as a script");
  check(await page.locator("img, iframe, script[src], link[rel=stylesheet]").count() === 0, "has something to load");
  if (entry.picture) {
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({path: entry.picture, fullPage: entry.height === undefined,
                           clip: entry.height ? {x: 0, y: 0, width: entry.width, height: entry.height} : undefined});
  }
  await page.close();
  if (entry.table) {
    where = entry.page + " at 800 pixels";
    const narrow = await open(browser, {...entry, width: 800});
    await charts(narrow);
    await narrow.close();
  }
}

const browser = await chromium.launch({executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu"]});
for (const entry of JSON.parse(fs.readFileSync(manifest, "utf8"))) {
  where = entry.page;
  try {
    await all(browser, entry);
  } catch (error) {
    check(false, String(error.stack ?? error).split("\n").slice(0, 6).join(" "));
  }
}
await browser.close();
for (const failure of failures) console.log(failure);
process.exit(failures.length > 0 ? 1 : 0);
