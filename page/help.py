"""What helps a reader to find their way: the first screen, the tour of it, and the shortcuts."""

from __future__ import annotations

SHORTCUTS = {
    "/": "Write a question, or search the articles",
    "Alt + N": "New chat",
    "Alt + S": "Stop the answer",
    "Alt + J": "Next citation",
    "Alt + K": "Citation before",
    "Enter": "On a citation: its passage; again: the article",
    "Alt + E": "Evidence",
    "Alt + C": "Chats",
    "Alt + A": "Articles, and back",
    "Esc": "Close what is open, or stop the answer",
    "?": "This list",
}
TOUR = (
    "<section class='tour' aria-labelledby='tour-title'><h3 id='tour-title'>How to read an answer"
    "</h3><ol><li>A <b>number</b> stands for a passage. Point at it to see the sentence; press it "
    "to open the passage, and once more to read the article.</li><li>The <b>dot</b> after a "
    "sentence says how far its passages support it: <span><i class='verdict supported'></i>all of "
    "it</span>, <span><i class='verdict partly'></i>a part</span>, <span><i class='verdict "
    "unsupported'></i>nothing</span>.</li><li><b>Narrow it down</b> to outlets, articles or days; "
    "the address keeps what you chose.</li><li>Your <b>chats</b> stay on this machine, for you "
    "alone. Press <kbd>?</kbd> for the "
    "shortcuts.</li></ol><button type='button' data-toured>Got it</button></section>"
)


def render_shortcuts() -> str:
    rows = "".join(
        f"<div><dt><kbd>{key}</kbd></dt><dd>{told}</dd></div>" for key, told in SHORTCUTS.items()
    )
    return (
        f"<dialog id='keys' aria-labelledby='keys-title'><h2 id='keys-title'>Shortcuts</h2>"
        f"<dl>{rows}</dl><form method='dialog'><button>Close</button></form></dialog>"
    )
