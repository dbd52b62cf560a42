"use strict";
// Tables sort by the number that a cell begins with, else by its text.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => {
        const text = row.cells[column].textContent.trim();
        const number = parseFloat(text.replace(/^[<>≥≤]\s*/, ""));
        return Number.isNaN(number) ? text : number;
      };
      const order = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (typeof x === typeof y) return typeof x === "number" ? x - y : x.localeCompare(y);
        return typeof x === "number" ? -1 : 1; // numbers before "-" and words
      };
      const rows = [...table.tBodies[0].rows].sort((a, b) => (down ? order(b, a) : order(a, b)));
      table.tBodies[0].append(...rows);
    });
  });
}
// Contours and bathtubs of all eyes at once.
for (const box of document.querySelectorAll("input[data-layer]")) {
  const show = () => document.body.classList.toggle("hide-" + box.dataset.layer, !box.checked);
  box.addEventListener("change", show);
  show();
}
// What the eye holds under the pointer: time, level, probability density.
for (const eye of document.querySelectorAll(".eye[data-density]")) {
  const cells = Uint8Array.from(atob(eye.dataset.density), (c) => c.charCodeAt(0));
  const { phases, bins, top, left, width, upper, height } = JSON.parse(eye.dataset.frame);
  const said = eye.parentElement.querySelector("output");
  eye.addEventListener("pointermove", (event) => {
    const box = eye.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width - left) / width;
    const y = ((event.clientY - box.top) / box.height - upper) / height;
    if (x < 0 || x > 1 || y < 0 || y > 1) {
      said.textContent = "";
      return;
    }
    const phase = Math.min(phases - 1, Math.floor(x * phases));
    const bin = Math.min(bins - 1, Math.floor((1 - y) * bins));
    const code = cells[phase * bins + bin];
    const density = code === 255 ? "below 1e-20" : Math.pow(10, 1 - code / 12).toPrecision(2);
    said.textContent = `${(x - 0.5).toFixed(3)} UI, ${(top * (1 - 2 * y)).toFixed(1)} mV: ${density} per mV`;
  });
}
const save = document.getElementById("save-json");
if (save) {
  save.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([document.getElementById("results").textContent], { type: "application/json" }));
    link.download = "results.json";
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
