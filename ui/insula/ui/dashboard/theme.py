"""Colours, fonts and sizes: a dark and a light theme, safe for colour-blind readers.

Modality colours follow the palette of Okabe and Ito (2008, "Color universal design"), lightened or
darkened for contrast; a state is never told by colour alone but also by a shape and in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

FONT_FAMILIES: Final = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Open Sans", "DejaVu Sans")


@dataclass(frozen=True, slots=True)
class Theme:
    """Every colour the dashboard uses, as ``#rrggbb``."""

    name: str
    window: str
    panel: str
    raised: str
    border: str
    ink: str
    muted: str
    faint: str
    axis: str
    accent: str
    face: str
    voice: str
    eda: str
    eeg: str
    good: str
    warn: str
    bad: str
    recording: str
    simulated: str
    on_badge: str

    def modality(self, name: str) -> str:
        """Return the colour of a modality; the fused state has the colour of ink."""
        return {"face": self.face, "voice": self.voice, "eda": self.eda, "eeg": self.eeg}.get(name, self.ink)


DARK: Final = Theme(
    name="dark",
    window="#0e1217",
    panel="#161b22",
    raised="#1f262f",
    border="#28303a",
    ink="#eef1f5",
    muted="#a3aebb",
    faint="#7b8795",
    axis="#333d49",
    accent="#7aa7ff",
    face="#56b4e9",
    voice="#e8a317",
    eda="#20b98a",
    eeg="#d58ab5",
    good="#20b98a",
    warn="#e8a317",
    bad="#f0703a",
    recording="#ff5a4d",
    simulated="#f0e442",
    on_badge="#14181d",
)

LIGHT: Final = Theme(
    name="light",
    window="#eef0f3",
    panel="#ffffff",
    raised="#f1f3f6",
    border="#d9dee5",
    ink="#161b22",
    muted="#4c5967",
    faint="#6f7b88",
    axis="#d3d9e0",
    accent="#2457c5",
    face="#0072b2",
    voice="#b26a00",
    eda="#007a58",
    eeg="#a84f82",
    good="#007a58",
    warn="#a86400",
    bad="#c24a00",
    recording="#d3281b",
    simulated="#f0e442",
    on_badge="#14181d",
)

THEMES: Final = {theme.name: theme for theme in (DARK, LIGHT)}


def colour(value: str, alpha: float = 1.0) -> QColor:
    """Return ``#rrggbb`` as a QColor with an opacity of 0…1."""
    made = QColor(value)
    made.setAlphaF(alpha)
    return made


def blend(over: str, under: str, alpha: float) -> QColor:
    """Return what ``over`` of an opacity looks like on ``under``: an opaque fill costs a tenth."""
    a, b = QColor(over), QColor(under)
    parts = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(alpha * x + (1 - alpha) * y) for x, y in parts))


def family() -> str:
    """Return the first of :data:`FONT_FAMILIES` that is installed."""
    installed = set(QFontDatabase.families())
    return next((name for name in FONT_FAMILIES if name in installed), QFont().family())


def font(size_px: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the dashboard's font; digits of equal width keep changing numbers from dancing."""
    made = QFont(family())
    made.setPixelSize(round(size_px))
    made.setWeight(weight)
    made.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    if hasattr(made, "setFeature"):  # Qt 6.7
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def apply(app: QApplication, theme: Theme) -> None:
    """Give the application the theme's palette, font and style sheet."""
    if not app.styleSheet():  # setting it anew lays out every window again
        app.setStyle("Fusion")
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, value in (
        (roles.Window, theme.window),
        (roles.Base, theme.panel),
        (roles.AlternateBase, theme.raised),
        (roles.Button, theme.raised),
        (roles.ToolTipBase, theme.raised),
        (roles.WindowText, theme.ink),
        (roles.Text, theme.ink),
        (roles.ButtonText, theme.ink),
        (roles.ToolTipText, theme.ink),
        (roles.PlaceholderText, theme.faint),
        (roles.Highlight, theme.accent),
        (roles.HighlightedText, theme.panel),
    ):
        palette.setColor(role, QColor(value))
    app.setPalette(palette)
    app.setFont(font(13))
    app.setStyleSheet(
        f"QToolTip {{ background: {theme.raised}; color: {theme.ink}; border: 1px solid {theme.border};"
        f" padding: 6px 8px; }}"
    )


def sheet(t: Theme, scale: float) -> str:
    """Return a window's style sheet, for the widgets that are not painted by a panel."""

    def px(size: float) -> str:
        return f"{round(size * scale)}px"

    return f"""
    QMainWindow::separator {{ background: {t.window}; width: 8px; height: 8px; }}
    QMainWindow::separator:hover {{ background: {t.border}; }}
    QDockWidget {{ color: {t.muted}; font-weight: 600; }}
    QDockWidget::title {{ background: {t.raised}; padding: {px(5)} {px(10)}; border-radius: 6px; }}
    QPushButton::menu-indicator {{ image: none; width: 0; }}
    QMainWindow, QDialog, QWidget#page {{ background: {t.window}; }}
    QWidget {{ font-size: {px(13)}; }}
    QPushButton {{ background: {t.raised}; color: {t.ink}; border: 1px solid {t.border}; border-radius: 7px;
                   padding: {px(5)} {px(12)}; }}
    QPushButton:hover {{ border-color: {t.faint}; }}
    QPushButton:focus {{ border-color: {t.accent}; }}
    QPushButton:checked {{ border-color: {t.accent}; color: {t.accent}; }}
    QPushButton:disabled {{ color: {t.faint}; background: {t.panel}; }}
    QPushButton#record:checked {{ background: {t.recording}; border-color: {t.recording}; color: white; }}
    QPushButton#primary {{ background: {t.accent}; border-color: {t.accent}; color: {t.panel}; }}
    QPushButton#primary:disabled {{ background: {t.raised}; border-color: {t.border}; color: {t.faint}; }}
    QLineEdit {{ background: {t.panel}; color: {t.ink}; border: 1px solid {t.border}; border-radius: 7px;
                 padding: {px(5)} {px(9)}; selection-background-color: {t.accent}; }}
    QLineEdit:focus {{ border-color: {t.accent}; }}
    QLabel#brand {{ color: {t.accent}; font-size: {px(17)}; font-weight: 700; }}
    QLabel#title {{ color: {t.ink}; font-weight: 600; }}
    QLabel#muted {{ color: {t.muted}; }}
    QLabel#faint {{ color: {t.faint}; }}
    QLabel#simulated {{ background: {t.simulated}; color: {t.on_badge}; border-radius: 5px;
                        padding: {px(2)} {px(8)};
                        font-size: {px(11)}; font-weight: 700; }}
    QLabel#warning {{ color: {t.warn}; font-weight: 600; }}
    QLabel#recording {{ color: {t.recording}; font-weight: 600; }}
    QLabel#hero {{ color: {t.ink}; font-size: {px(34)}; font-weight: 700; }}
    QLabel#instruction {{ color: {t.ink}; font-size: {px(24)}; font-weight: 600; }}
    QLabel#instruction:disabled {{ color: {t.muted}; }}
    QLabel#doortitle {{ color: {t.ink}; font-size: {px(19)}; font-weight: 600; }}
    QFrame#door {{ background: {t.panel}; border: 1px solid {t.border}; border-radius: 14px; }}
    QTextBrowser {{ background: {t.panel}; color: {t.ink}; border: none; }}
    QFrame#door QScrollArea, QWidget#inner {{ background: {t.panel}; }}
    QPushButton#row {{ text-align: left; padding: {px(9)} {px(14)}; border-radius: 9px; }}
    QPushButton#row:hover {{ border-color: {t.accent}; }}
    QScrollBar:vertical {{ background: transparent; width: 9px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {t.border}; border-radius: 4px; min-height: 30px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
    QSpinBox {{ background: {t.raised}; color: {t.ink}; border: 1px solid {t.border}; border-radius: 7px;
                padding: {px(4)} {px(8)}; }}
    QSpinBox::up-button, QSpinBox::down-button {{ width: 0; border: none; }}
    QSpinBox:focus {{ border-color: {t.accent}; }}
    QComboBox {{ background: {t.raised}; color: {t.ink}; border: 1px solid {t.border}; border-radius: 7px;
                 padding: {px(4)} {px(8)}; min-width: 52px; }}
    QComboBox::drop-down {{ border: none; width: {px(22)}; }}
    QComboBox::down-arrow {{ image: none; }}
    QComboBox QAbstractItemView {{ background: {t.raised}; color: {t.ink}; }}
    QProgressBar {{ background: {t.raised}; border: none; border-radius: 3px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
    QCheckBox {{ color: {t.ink}; spacing: {px(8)}; }}
    QCheckBox:disabled {{ color: {t.faint}; }}
    QCheckBox::indicator {{ width: {px(14)}; height: {px(14)};
                            border: 1px solid {t.faint}; border-radius: 4px; }}
    QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; }}
    QCheckBox::indicator:disabled {{ border-color: {t.border}; }}
    QCheckBox:focus {{ color: {t.accent}; }}
    QComboBox:focus {{ border-color: {t.accent}; }}
    QLabel#notice {{ background: {t.raised}; color: {t.ink}; border: 1px solid {t.warn}; border-radius: 7px;
                     padding: {px(7)} {px(12)}; }}
    """
