/** What systems, storage boxes and viewers leave between pictures: thumbnails, recycle bins, metadata. No picture of anybody's. */
const folders = new Set([
  ...["__macosx", "network trash folder", "temporary items"], // macOS
  ...["@eadir", "@tmp", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@__thumb"], // Synology, QNAP
  ...["$recycle.bin", "recycler", "system volume information", "lost+found"], // Windows, ext4
  "__pycache__",
]);
const files = new Set(["thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "picasa.ini", "icon\r"]);

export function isSystemFolder(name: string): boolean {
  return name.startsWith(".") || folders.has(name.toLowerCase());
}

/** What to count such a file under; null for one of anybody's. */
export function systemFileKind(name: string): string | null {
  if (files.has(name.toLowerCase()) || name === ".DS_Store") return name.trim();
  if (name.startsWith("._")) return "._*";
  return name.startsWith(".") ? "hidden files" : null;
}
