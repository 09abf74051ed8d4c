"use strict";
// Files may be dropped on the form, and sending shows how far it is; without this script the form does the same by itself.
(() => {
  const form = document.getElementById("drop");
  if (!form || !window.FormData || !window.XMLHttpRequest) return;
  const input = form.querySelector("input[type=file]"), words = JSON.parse(form.dataset.words);
  const sending = form.querySelector(".sending"), bar = sending.querySelector("progress"), text = sending.querySelector("span");

  for (const name of ["dragenter", "dragover"]) form.addEventListener(name, (event) => { event.preventDefault(); form.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) form.addEventListener(name, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const request = new XMLHttpRequest(), button = form.querySelector("button");
    const bytes = [...input.files].reduce((sum, file) => sum + file.size, 0);
    if (bytes > Number(form.dataset.most) * 1048576) {
      sending.hidden = false;
      bar.hidden = true;
      text.textContent = words.large;
      return;
    }
    const failed = (said) => { button.disabled = false; bar.hidden = true; text.textContent = said; };
    request.open("POST", form.action);
    request.upload.addEventListener("progress", (at) => {
      if (!at.lengthComputable) return;
      bar.value = Math.floor(100 * at.loaded / at.total);
      text.textContent = bar.value < 100 ? `${words.sending} ${bar.value} %` : words.looking;
    });
    request.addEventListener("load", () => {
      if (request.status < 400) { location.assign(request.responseURL); return; }
      const answer = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main");
      failed(answer ? answer.textContent.trim().replace(/\s+/g, " ") : words.failed);
    });
    request.addEventListener("error", () => failed(words.failed));
    sending.hidden = bar.hidden = false;
    button.disabled = true;
    text.textContent = words.sending;
    request.send(new FormData(form));
  });
})();
