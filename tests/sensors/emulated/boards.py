"""Devices that speak their real protocols: Cyton and Shimmer3 on a serial port, EmotiBit over UDP and TCP."""

from __future__ import annotations

import math
import select
import socket
import struct
import threading
import time

from serial_port import SerialDevice

_LENGTHS = {0x05: 3, 0x08: 4, 0xA3: 2}  # Shimmer3's commands with arguments, all bytes counted
_RANGE_2 = (2 << 1) << 24  # Shimmer3's configuration bytes: resistance range 2


class Cyton(SerialDevice):
    """OpenBCI Cyton: 8 channels at 250 Hz; the first is a 10 Hz sine of 50 µV, the second counts packets."""

    period_s = 0.01
    rate = 250.0
    uv_per_count = 4.5 / (2**23 - 1) / 24 * 1e6

    def answer(self, data: bytes) -> None:
        for command in data.decode("ascii", "replace"):
            if command == "v":
                self.write(
                    b"OpenBCI V3 8-16 channel\r\nOn Board ADS1299 Device ID: 0x3E\r\nFirmware: v3.1.2\r\n$$$"
                )
            elif command == "d":
                self.write(b"updating channel settings to default$$$")
            elif command == "b":
                self.streaming, self._start, self._first = True, time.monotonic(), self.sent
            elif command == "s":
                self.streaming = False

    def tick(self) -> None:
        due = self._first + int((time.monotonic() - self._start) * self.rate)
        while self.sent < due:
            counts = [
                50.0 * math.sin(2 * math.pi * 10 * self.sent / self.rate) / self.uv_per_count,
                self.sent,
                *[0] * 6,
            ]
            body = b"".join(int(c).to_bytes(3, "big", signed=True) for c in counts)
            self.write(b"\xa0" + bytes([self.sent % 256]) + body + struct.pack(">3h", 0, 0, 8192) + b"\xc0")
            self.sent += 1


class Shimmer3(SerialDevice):
    """Shimmer3 GSR+ (LogAndStream firmware): skin conductance of ``microsiemens`` at 128 Hz."""

    rate = 128.0
    microsiemens = 2.0

    def answer(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            command = data[at]
            at += _LENGTHS.get(command, 1)
            self._obey(command)

    def _obey(self, command: int) -> None:
        ack = b"\xff"
        if command == 0x3F:
            self.write(ack + b"\x25\x03")
        elif command == 0x2E:
            self.write(ack + b"\x2f" + struct.pack("<HHBB", 3, 0, 16, 0))
        elif command == 0x01:
            self.write(ack + b"\x02" + struct.pack("<HIBB", int(32768 / self.rate), _RANGE_2, 1, 1) + b"\x1c")
        else:
            self.write(ack)
            if command == 0x07:
                self.streaming, self._start, self._first = True, time.monotonic(), self.sent
            elif command == 0x20:
                self.streaming = False

    def tick(self) -> None:
        due = self._first + int((time.monotonic() - self._start) * self.rate)
        while self.sent < due:
            ticks = int(self.sent / self.rate * 32768) & 0xFFFFFF
            adc = int((self.microsiemens + 1.0163) / 0.0015)
            self.write(b"\x00" + ticks.to_bytes(3, "little") + struct.pack("<H", adc & 0x3FFF))
            self.sent += 1


class EmotiBit:
    """EmotiBit on 127.0.0.1: adverts on UDP 3131, control over TCP, EDA over UDP at 15 Hz in threes."""

    microsiemens = 3.5

    def __init__(self) -> None:
        self.sent = 0
        self._number = 0
        self._ended = threading.Event()
        self._silent = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def unplug(self) -> None:
        """Send nothing more."""
        self._silent.set()

    def _packet(self, tag: str, *payload: object) -> bytes:
        self._number += 1
        fields = [int(time.monotonic() * 1e3), self._number, len(payload), tag, 1, 100, *payload]
        return (",".join(map(str, fields)) + "\n").encode()

    def _run(self) -> None:
        advert = self._advert
        data = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        control: socket.socket | None = None
        target: tuple[str, int] | None = None
        streaming, due = False, time.monotonic()
        while not self._ended.is_set():
            readable, _, _ = select.select([s for s in (advert, control) if s], [], [], 0.02)
            if advert in readable:
                text, sender = advert.recvfrom(1024)
                fields = text.decode().strip().split(",")
                if fields[3] == "HE":
                    advert.sendto(self._packet("HH", "DP", -1, "SN", "emu-1"), sender)
                elif fields[3] == "EC" and control is None:
                    target = (sender[0], int(fields[9]))
                    control = socket.create_connection((sender[0], int(fields[7])), 2.0)
                elif fields[3] == "PN":
                    advert.sendto(self._packet("PO"), sender)
            if control is not None and control in readable:
                text = control.recv(1024)
                if not text:
                    control.close()
                    control, streaming = None, False
                elif b"MN" in text:
                    streaming, due = True, time.monotonic()
                elif b"ML" in text:
                    streaming = False
            while streaming and target and not self._silent.is_set() and time.monotonic() >= due:
                due += 0.2
                self.sent += 3
                data.sendto(self._packet("EA", *[self.microsiemens] * 3), target)
                data.sendto(self._packet("T1", 33.1, 33.1, 33.1), target)
        for s in (advert, data, control):
            if s is not None:
                s.close()

    def __enter__(self) -> EmotiBit:
        self._advert = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._advert.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._advert.bind(("127.0.0.1", 3131))
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join(2.0)
