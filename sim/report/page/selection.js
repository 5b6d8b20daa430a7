// The selected point of a section, or the selected entry of a list in a figure, and its listeners.

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
