// The as-of form as a slider over years: when it rests, the page is shown at the same day of that year.
const REST = 600;
for (const form of document.querySelectorAll("form[data-asof]")) {
  const date = form.elements.asOf;
  const slider = form.querySelector("input[type=range]");
  const shown = form.querySelector("output");
  let waiting;
  slider.hidden = shown.hidden = false;
  slider.addEventListener("input", () => {
    clearTimeout(waiting);
    const day = `${slider.value}-${date.defaultValue.slice(5).replace("02-29", "02-28")}`;
    date.value = day > date.max ? date.max : day;
    shown.value = slider.value;
  });
  slider.addEventListener("change", () => {
    waiting = setTimeout(() => form.requestSubmit(), REST);
  });
}
