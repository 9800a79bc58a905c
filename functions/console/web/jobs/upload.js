// Uploads a file to the storage, which is not the API: no session goes along, and the progress is reported.

// `onSent` gets the part that is sent, from 0 to 1. Returns a promise and a function that stops the upload.
export function upload({ url, method, headers }, file, onSent) {
  const request = new XMLHttpRequest();
  const finished = new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", ({ loaded, total }) => total > 0 && onSent(loaded / total));
    request.addEventListener("load", () => (request.status < 300 ? resolve(undefined) : reject(new Error("refused"))));
    for (const end of ["error", "abort", "timeout"]) request.addEventListener(end, () => reject(new Error(end)));
  });
  request.open(method, url);
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.send(file);
  return { finished, stop: () => request.abort() };
}
