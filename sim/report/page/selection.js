// Which point of a section is selected, or which entry of a list in a figure, and who wants to know.

export class Selection {
  constructor(row) {
    this.row = row;
    this.listeners = [];
  }

  listen(listener) {
    this.listeners.push(listener);
  }

  select(row) {
    if (row === this.row || row === null || row === undefined) return;
    this.row = row;
    for (const listener of this.listeners) listener(row);
  }
}
