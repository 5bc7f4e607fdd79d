// Draws the figures from the specifications in the page, sorts its tables, and draws a cell's launches when it opens.
// `ast` interprets expressions instead of compiling them, so that the page can forbid eval.
const options = { renderer: "svg", ast: true, logLevel: 1, actions: { export: true, source: false, compiled: false, editor: false } };

async function draw() {
  for (const data of document.querySelectorAll("script[data-figure]")) {
    await vegaEmbed(document.getElementById(data.dataset.figure), JSON.parse(data.textContent), options);
  }
  document.documentElement.dataset.drawn = "yes";
}

function drawLaunches(cell) {
  const place = cell.querySelector(".plot");
  if (!cell.open || !place || place.firstChild) return;
  const specification = JSON.parse(document.getElementById("sample-figure").textContent);
  const arms = Object.entries(JSON.parse(cell.querySelector("script.samples").textContent));
  specification.data.find(({ name }) => name === "samples").values = arms.flatMap(([arm, launches]) =>
    launches.flatMap(([block, times]) => [
      ...times.map((ms) => ({ arm, block, ms, kind: "sample" })),
      { arm, block, ms: median(times), kind: "median" },
    ]),
  );
  vegaEmbed(place, specification, options);
}

function median(ascending) {
  const middle = (ascending.length - 1) / 2;
  return (ascending[Math.floor(middle)] + ascending[Math.ceil(middle)]) / 2;
}

function sort(heading) {
  const table = heading.closest("table");
  const column = heading.cellIndex;
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => [key(row.cells[column]), row]);
  rows.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function key(field) {
  return field.dataset.value === undefined ? field.textContent : Number(field.dataset.value);
}

function compare(a, b) {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1; // what has no number comes behind
  return typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
}

for (const button of document.querySelectorAll(".sortable th button")) {
  button.addEventListener("click", () => sort(button.parentElement));
}
for (const cell of document.querySelectorAll("details.cell")) {
  cell.addEventListener("toggle", () => drawLaunches(cell));
  drawLaunches(cell); // a browser may have opened it before we were here
}
draw();
