// Lists of the console by keyboard: up and down move between the rows, / goes to the search.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing) {
    const search = document.getElementById("search-q");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    return;
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (typing && typing.type !== "search") return;
  const rows = [...document.querySelectorAll(".rowlink")];
  if (rows.length === 0) return;
  const here = rows.indexOf(document.activeElement);
  if (here < 0 && event.key === "ArrowUp") return;
  event.preventDefault();
  if (here === 0 && event.key === "ArrowUp") {
    document.getElementById("search-q")?.focus();
    return;
  }
  const next = here < 0 ? 0 : here + (event.key === "ArrowDown" ? 1 : -1);
  rows[Math.min(Math.max(next, 0), rows.length - 1)].focus();
});
