// Comfort for every page; each works without it.
"use strict";

// Show what is typed into a password field.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    input.focus();
  });
}

// A form is sent once, however often its button is pressed; a password never leaves as a text field.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("[data-reveal][aria-pressed=true]")) button.click();
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const busy of form.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
  }
});

// Where a picture does not load, the first letter stands in as if there were none.
for (const picture of document.querySelectorAll("img[data-initial]")) {
  const standIn = () => picture.replaceWith(picture.dataset.initial);
  if (picture.complete && picture.naturalWidth === 0) standIn();
  else picture.addEventListener("error", standIn);
}

// Copy a value.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    const label = button.querySelector("[data-copied]");
    const before = label.textContent;
    label.textContent = label.dataset.copied;
    setTimeout(() => { label.textContent = before; }, 2000);
  });
}

// After a refused form the list of what to mend is read first.
document.getElementById("problems")?.focus();
