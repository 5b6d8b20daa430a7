// Opens pages of `infsim report` in a browser and asks whether they show, link, sort, filter and give back what they should.
//
// usage: node check.mjs CHROMIUM MANIFEST.json
//
// The manifest is a list of {page, says?, charts?, table?, filter?, along?}, where `along` has what the stalls along the batch
// show: {setting?, bars, gaps, tip}, the last with words at the last batch. Prints one line per failure and exits 1 where there are any.
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

/** Bars of shares as they are drawn: how many, and the lowest and the highest of their sums, of a whole, as the ring has it. */
function sumsOfBars(plot) {
  return plot.evaluate((drawing) => {
    const sums = new Map();
    for (const bar of drawing.querySelectorAll(".shares rect"))
      sums.set(bar.getAttribute("x"), (sums.get(bar.getAttribute("x")) ?? 0) + Number(bar.getAttribute("height")));
    const whole = Number(drawing.querySelector(".ring rect").getAttribute("height"));
    return {bars: sums.size, low: Math.min(...sums.values()) / whole, high: Math.max(...sums.values()) / whole};
  });
}

/** Shares along the batch, engine by engine: whole bars, crosses where no point ran, numbers that add up. */
async function enginesAlong(page, figure, expected) {
  const list = figure.locator("select.engine");
  const names = await list.locator("option").allTextContents();
  check(names.length > 1 && new Set(names).size === names.length, `engines to choose from: ${names.join(", ")}`);
  const drawings = new Set();
  await list.focus();
  for (const name of names) {
    check(await figure.locator("g[aria-label='y-axis label']").textContent().then((t) => t.includes(name)), `the axis does not name ${name}`);
    const {bars, low, high} = await sumsOfBars(figure.locator(".plot"));
    check(bars === expected.bars, `${name} has ${bars} bars along the batch, not ${expected.bars}`);
    check(low > 0.995 && high < 1.005, `shares of ${name} add up to ${low} to ${high} of a whole`);
    const crosses = await figure.locator(".crosses path").count();
    check(crosses === expected.gaps, `${name} has ${crosses} gaps along the batch, not ${expected.gaps}`);
    const sums = await figure.locator("tbody td:last-child").allTextContents();
    check(sums.length === bars && sums.every((t) => Math.abs(parseFloat(t) - 100) < 0.15), `numbers of ${name} add up to ${sums.join(", ")}`);
    drawings.add(await figure.locator(".shares").evaluate((g) => g.outerHTML));
    await page.keyboard.press("ArrowDown");
  }
  check(drawings.size === names.length, "two engines have the same drawing");
}

/** The chart of stalls along the batch: its ring goes with the table, its keys and clicks select, its words stay words. */
async function stallsAlong(page, part, expected) {
  const figure = part.locator("figure:has([data-chart='stalls-along'])");
  if (expected.setting !== undefined) await part.locator("select.setting").selectOption({index: expected.setting});
  await enginesAlong(page, figure, expected);
  const plot = figure.locator(".plot");
  const ring = () => plot.locator(".ring").evaluateAll((all) => all.map((g) => g.outerHTML).join(""));
  await figure.locator("summary").click();
  await plot.focus();
  await page.keyboard.press("Home");
  const [first, drawn] = [await shownRow(part), await ring()];
  await page.keyboard.press("End");
  const [last, from] = [await plot.locator(".ring rect").boundingBox(), await plot.boundingBox()];
  check(await shownRow(part) !== first && await ring() !== drawn, "End in the stalls along the batch does not select another batch");
  check(await figure.locator("details").evaluate((d) => d.open), "numbers that were opened close with the next selection");
  await part.locator(`tbody tr[data-row="${first}"]`).click();
  check(await ring() === drawn, "the stalls along the batch do not follow the table");
  await plot.scrollIntoViewIfNeeded();
  const now = await plot.boundingBox();   // the table may have scrolled the page
  const [left, top] = [last.x + now.x - from.x, last.y + now.y - from.y + last.height * 0.1];
  await page.mouse.click(left + last.width * 0.1, top);
  check(await shownRow(part) !== first, "a click near the end of a bar along the batch selects nothing");
  await page.mouse.move(left + last.width / 2, top);
  const tip = await plot.locator("g[aria-label=tip]").textContent();
  for (const text of expected.tip) check(tip.includes(text), `at the last batch the stalls say "${tip}" without "${text}"`);
  await page.emulateMedia({media: "print"});
  check(!await figure.locator("select").isVisible(), "the list of engines is printed");
  await page.emulateMedia({media: "screen"});
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
  if (entry.along) await stallsAlong(page, section(page), entry.along);
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
