"""Reading the table of a finished sweep.

A sweep's folder holds table.csv or table.sqlite, and table.columns.json, which says of each column its type and unit and
whether it is an axis. Nothing is guessed from a column's name.
"""
import contextlib
import sqlite3

import pandas as pd

from .inputs import InputError, read_json

NO_RESULT = ("failed", "timeout", "out_of_memory")   # statuses of points that did not come to an end


def describe(folder):
    """What table.columns.json says."""
    path = folder / "table.columns.json"
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    if not path.is_file():
        raise InputError(f"there is no {path}: infsim sweep writes it beside the table, so {folder} is no folder of its results")
    about = read_json(path, "infsim sweep")
    known = isinstance(about, dict) and about.get("schema_version") == 1 and {"sweep", "question", "row", "columns"} <= about.keys()
    if not known or not all({"name", "type", "unit", "pandas"} <= column.keys() for column in about["columns"]):
        raise InputError(f"{path} is no description that this version of infsim sweep wrote")
    return about


def read_frame(folder, about):
    """The rows (pandas), typed as described; texts without the guard against spreadsheets."""
    types = {c["name"]: c["pandas"] for c in about["columns"]}
    table, database = folder / "table.csv", folder / "table.sqlite"
    if table.is_file():
        try:
            frame = pd.read_csv(table, dtype=types, keep_default_na=False, na_values=[""])
        except (ValueError, KeyError) as problem:
            raise InputError(f"{table} does not fit its description: {problem}") from None
        for name in (c["name"] for c in about["columns"] if c["type"] == "text" and c["name"] in frame):
            frame[name] = frame[name].str.replace(r"^'('*[=+\-@\t\r])", r"\1", regex=True)
    elif database.is_file():
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            frame = pd.read_sql(f"SELECT * FROM {about['row']}s", connection).astype(types)
    else:
        raise InputError(f"there is neither {table} nor {database}; infsim sweep writes it")
    if list(frame.columns) != list(types):
        raise InputError(f"the table of {folder} has other columns than its table.columns.json describes; infsim sweep writes both anew")
    if frame.empty:
        raise InputError(f"the table of {folder} has no rows")
    return frame


class Table:
    """A finished sweep: `name`, `question`, `row` (point, scenario or cell), `columns` by name, `table` (pandas)."""

    def __init__(self, folder):
        about = describe(folder)
        self.folder = folder
        self.name, self.question, self.row = about["sweep"], about["question"], about["row"]
        self.columns = {c["name"]: c for c in about["columns"]}
        self.table = read_frame(folder, about)
        self.is_estimated = self._take_estimates()   # by row
        self.estimated = int(self.is_estimated.sum())

    def _take_estimates(self):
        """Points that were priced have figures as simulated ones do; returns which rows these are. Their median is the mean."""
        if self.row != "point" or "status" not in self.table:
            return pd.Series(False, index=self.table.index)
        estimated = self.table["status"] == "estimated"
        self.table.loc[estimated, "status"] = "ok"
        if {"latency_ms_p50", "latency_ms_avg"} <= set(self.table):
            self.table.loc[estimated, "latency_ms_p50"] = self.table.loc[estimated, "latency_ms_avg"]
        return estimated

    def require(self, *names):
        """Every one of these columns must be there."""
        missing = [name for name in names if name not in self.columns]
        if missing:
            raise InputError(f"the table of {self.folder} has no column {', '.join(missing)}")
        return self

    def number(self, name, option):
        """The name of a column of numbers that an option asked for."""
        if name not in self.columns or self.columns[name]["type"] not in ("integer", "number"):
            raise InputError(f"{option} {name} is no column of numbers of {self.folder}; infsim sweep --help-columns lists them")
        return name

    def records(self):
        """The rows as dictionaries; None where a cell is empty."""
        return [{key: None if pd.isna(value) else value for key, value in row.items()} for row in self.table.to_dict("records")]

    def only_ok(self):
        """The rows that have figures. There must be some, and no row that a fault left without."""
        status = self.table["status"]
        lost = status[status.isin(NO_RESULT)]
        if len(lost) > 0:
            raise InputError(f"{len(lost)} of {len(status)} rows of {self.folder} have no result ({', '.join(sorted(set(lost)))}), so a "
                             "picture would lie")
        ok = self.table[status == "ok"]
        if ok.empty:
            raise InputError(f"no {self.row} of {self.folder} is ok (the others: {', '.join(sorted(set(status)))}), so there is nothing to draw")
        return ok
