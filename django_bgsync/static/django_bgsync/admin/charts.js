/* Draws each chart of a page from the table in it, in the colours of the page, and again when these change. */
"use strict";
(() => {
  const COLOURS = {good: "--bgsync-good", bad: "--bgsync-bad", odd: "--bgsync-odd", calm: "--bgsync-calm",
    quiet: "--border-color", dark: "--body-fg"};
  const drawn = new Map();

  /* A number as people read it; seconds in the unit that fits. */
  function written(value, unit) {
    if (unit !== "s") return value.toLocaleString();
    const [factor, name] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"], [0.001, "ms"]].find(
      ([seconds]) => Math.abs(value) >= seconds) ?? [1, "s"];
    return `${(value / factor).toLocaleString(undefined, {maximumFractionDigits: 1})} ${name}`;
  }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function read(figure) {
    const table = figure.querySelector("table");
    const rows = [...table.tBodies[0].rows];
    const columns = [...table.tHead.rows[0].cells].slice(1);
    return {
      labels: rows.map((row) => row.cells[0].textContent),
      series: columns.map((cell, i) => ({
        label: cell.textContent,
        colour: colour(COLOURS[cell.dataset.colour]),
        data: rows.map((row) => row.cells[i + 1].dataset.value).map((text) => (text === "" ? null : Number(text))),
      })),
    };
  }

  function draw(figure) {
    const {labels, series} = read(figure);
    const isStacked = figure.dataset.kind === "bars";
    const unit = figure.dataset.unit;
    const [text, line] = [colour("--body-quiet-color"), colour("--hairline-color")];
    drawn.get(figure)?.destroy();
    drawn.set(figure, new Chart(figure.querySelector("canvas"), {
      type: isStacked ? "bar" : "line",
      data: {
        labels,
        datasets: series.map((one) => ({
          label: one.label, data: one.data, backgroundColor: one.colour, borderColor: one.colour,
          borderWidth: isStacked ? 0 : 2, pointRadius: isStacked ? 0 : 2, maxBarThickness: 24, spanGaps: true,
        })),
      },
      options: {
        animation: false, // nothing moves: calm for everybody, and right for those who ask for it
        maintainAspectRatio: false,
        interaction: {mode: "index", intersect: false},
        scales: {
          x: {stacked: isStacked, grid: {display: false}, ticks: {color: text, maxRotation: 0, autoSkipPadding: 16}},
          y: {stacked: isStacked, beginAtZero: true, grid: {color: line}, border: {display: false},
            ticks: {color: text, maxTicksLimit: 5, precision: isStacked ? 0 : undefined,
              callback: (value) => written(value, unit)}},
        },
        plugins: {
          tooltip: {callbacks: {label: ({dataset, raw}) => `${dataset.label}: ${written(raw ?? 0, unit)}`}},
          legend: {position: "bottom", align: "start", labels: {color: text, boxWidth: 10, boxHeight: 10}},
        },
      },
    }));
  }

  const figures = [...document.querySelectorAll(".bgsync-chart")];
  const drawAll = () => figures.forEach(draw);
  drawAll();
  new MutationObserver(drawAll).observe(document.documentElement, {attributes: true, attributeFilter: ["data-theme"]});
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
