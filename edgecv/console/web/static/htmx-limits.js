// htmx reads and never changes anything: it sends GET alone, whatever an element's attributes ask for. Changes are sent by
// forms, each with a token of its own; markup that should not be on a page finds nothing here that acts for the reader.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.preventDefault();
});
