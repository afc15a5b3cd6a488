// The table of days as a timeline that can be zoomed; without this file the picture beside it stays.
(() => {
  "use strict";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let shown = null;
  let zoomed = null;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const upward = (_, least, most) => [0, Math.max(most || 0, 1) * 1.05];
  const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);

  const draw = () => {
    const place = document.querySelector("[data-timeline]");
    if (shown) shown.destroy();
    shown = null;
    if (!place || !window.uPlot) return;
    const table = document.getElementById(place.dataset.timeline);
    const rows = [...table.querySelectorAll("tbody tr")];
    const heads = [...table.querySelectorAll("thead th")].map((one) => one.textContent);
    if (rows.length < 2) return;
    const read = (row, at) => {
      const given = row.cells[at].dataset.value;
      return given === "" || given === undefined ? null : Number(given);
    };
    const column = (at) => rows.map((row) => read(row, at));
    const times = rows.map((row) => Date.parse(`${row.dataset.day}T00:00:00Z`) / 1000);
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
    // as wide as its longest number
    const size = (_, values) => 18 + 7 * Math.max(3, ...(values || []).map((one) => one.length));
    const number = new Intl.NumberFormat(document.documentElement.lang);
    const date = new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric", timeZone: "UTC" });
    const line = (at, name, scale, more) => ({
      label: heads[at], stroke: colour(name), width: 2, scale, points: { show: rows.length < 40, size: 5 },
      value: (_, value) => (value === null ? "–" : number.format(Math.round(value))), ...more,
    });
    const link = place.querySelector("a");
    place.hidden = false;
    place.previousElementSibling.hidden = true;
    const frame = place.querySelector("div");
    const width = () => Math.max(frame.clientWidth, 200);
    shown = new uPlot({
      width: width(), height: 240,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: { drag: { x: true, y: false } },
      scales: { x: { time: true }, count: { range: upward }, ms: { range: upward } },
      axes: [
        { ...axis, space: 80, values: (_, ticks) => ticks.map((one) => (one % 86400 ? "" : date.format(new Date(one * 1000)))) },
        { ...axis, size, scale: "count", values: (_, ticks) => ticks.map((one) => number.format(one)) },
        { ...axis, size, scale: "ms", side: 1, grid: { show: false }, values: (_, ticks) => ticks.map((one) => `${number.format(one)} ms`) },
      ],
      series: [
        { label: heads[0], value: (_, value) => (value === null ? "–" : date.format(new Date(value * 1000))) },
        line(1, "--bar", "count"), line(2, "--signal-2", "count"), line(3, "--signal-3", "ms", { dash: [5, 4] }),
      ],
      hooks: {
        setScale: [(plot, key) => {
          if (key !== "x") return;
          const { min, max } = plot.scales.x;
          const whole = min <= times[0] && max >= times[times.length - 1];
          zoomed = whole ? null : [min, max];
          const inside = times.filter((one) => one >= min && one <= max);
          link.hidden = whole || !inside.length;
          if (link.hidden) return;
          const address = new URL(location.href);
          address.searchParams.delete("days");
          address.searchParams.set("since", day(inside[0]));
          address.searchParams.set("until", day(inside[inside.length - 1]));
          link.href = address.pathname + address.search;
        }],
      },
    }, [times, column(1), column(2), column(3)], frame);
    if (zoomed) shown.setScale("x", { min: zoomed[0], max: zoomed[1] });
  };

  const fit = () => {
    const frame = document.querySelector("[data-timeline] div");
    if (shown && frame) shown.setSize({ width: Math.max(frame.clientWidth, 200), height: 240 });
  };

  document.addEventListener("DOMContentLoaded", draw);
  document.addEventListener("htmx:after:swap", draw);
  dark.addEventListener("change", draw);
  addEventListener("resize", fit);
})();
