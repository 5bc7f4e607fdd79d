// Draws the figures from the specifications in the page, in the colours of the reader's light or dark setting.
const dark = matchMedia("(prefers-color-scheme: dark)");

function config() {
  const style = getComputedStyle(document.documentElement);
  const text = style.getPropertyValue("--text").trim();
  const line = style.getPropertyValue("--line").trim();
  const font = { labelFont: "system-ui, sans-serif", titleFont: "system-ui, sans-serif" };
  return {
    background: "transparent",
    view: { stroke: line },
    axis: { ...font, labelColor: text, titleColor: text, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
    legend: { ...font, labelColor: text, titleColor: text, labelFontSize: 12 },
    header: { ...font, labelColor: text, titleColor: text, labelFontSize: 12.5 },
  };
}

async function draw() {
  for (const data of document.querySelectorAll("script[data-figure]")) {
    const place = document.getElementById(data.dataset.figure);
    // `ast` interprets expressions instead of compiling them, so that the page can forbid eval.
    const options = { renderer: "svg", ast: true, config: config(), tooltip: { theme: dark.matches ? "dark" : "light" }, actions: { export: true, source: false, compiled: false, editor: false } };
    await vegaEmbed(place, JSON.parse(data.textContent), options);
  }
  document.documentElement.dataset.drawn = "yes";
}

dark.addEventListener("change", draw);
draw();
