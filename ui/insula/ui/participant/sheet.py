"""The look of the participant's window: large, quiet, nothing that moves."""

from __future__ import annotations

from insula.ui.dashboard.drawing import Style


def sheet(look: Style) -> str:
    """Return the window's style sheet."""
    t = look.theme

    def px(size: float) -> str:
        return f"{round(look.px(size))}px"

    return f"""
    QWidget#participant, QWidget#asking {{ background: {t.window}; }}
    QFrame#bar {{ background: {t.border}; border: none; }}
    QLabel {{ color: {t.ink}; font-size: {px(22)}; background: transparent; }}
    QLabel#title {{ font-size: {px(38)}; font-weight: 600; }}
    QLabel#large {{ font-size: {px(27)}; }}
    QLabel#muted {{ color: {t.muted}; font-size: {px(21)}; }}
    QLabel#small {{ color: {t.muted}; font-size: {px(15)}; }}
    QPushButton {{ font-size: {px(22)}; border-radius: {px(12)}; padding: {px(13)} {px(30)};
                   color: {t.ink}; background: {t.panel}; border: {px(2)} solid {t.border}; }}
    QPushButton:focus {{ border-color: {t.accent}; }}
    QPushButton:hover {{ border-color: {t.faint}; }}
    QPushButton#primary {{ background: {t.accent}; border-color: {t.accent}; color: {t.panel};
                           font-weight: 600; min-width: {px(150)}; }}
    QPushButton#primary:focus {{ border-color: {t.ink}; }}
    QPushButton#primary:disabled {{ background: {t.raised}; border-color: {t.raised}; color: {t.faint}; }}
    QPushButton#quiet {{ background: transparent; border-color: transparent; color: {t.muted}; }}
    QPushButton#quiet:focus {{ border-color: {t.accent}; }}
    QPushButton#quiet:hover {{ color: {t.ink}; }}
    QPushButton#quiet:disabled {{ color: transparent; }}
    QPushButton#choice {{ text-align: left; padding: {px(14)} {px(26)}; }}
    QPushButton#choice:checked {{ border-color: {t.accent}; color: {t.accent}; font-weight: 600; }}
    QPushButton#stop {{ font-size: {px(16)}; padding: {px(7)} {px(18)}; color: {t.muted};
                        background: transparent; border: {px(1)} solid {t.border}; }}
    QPushButton#stop:hover {{ color: {t.bad}; border-color: {t.bad}; }}
    QPlainTextEdit {{ font-size: {px(22)}; color: {t.ink}; background: {t.panel}; padding: {px(12)};
                      border: {px(2)} solid {t.border}; border-radius: {px(12)}; }}
    QPlainTextEdit:focus {{ border-color: {t.accent}; }}
    """
