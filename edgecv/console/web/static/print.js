// Prints the page when asked to.
"use strict";
document.querySelectorAll(".print-now").forEach((button) => button.addEventListener("click", () => window.print()));
