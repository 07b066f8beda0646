"""Network cameras on the loopback: latency, drops, stalls, loss and return."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from faults import read_some, seconds_to_loss, seconds_to_return
from mjpeg import MjpegServer, read_time, write_time
from rtsp import RtspServer

from insula.edge.clock import now
from insula.edge.errors import SensorLost, SensorUnavailable
from insula.edge.testing import memory_stream
from insula.edge.types import Drawn
from insula.sensors import csi
from insula.sensors.camera import Camera
from insula.sensors.grabber import NewestFrame


def test_the_time_code_survives_jpeg() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    write_time(image, 12345.67891)
    back = cv2.imdecode(cv2.imencode(".jpg", image)[1], cv2.IMREAD_COLOR)
    assert read_time(back) == pytest.approx(12345.67891, abs=1e-5)


def ages(camera: Camera, frames: int, busy_s: float = 0.0) -> np.ndarray:
    """Seconds from sending to the stamp and to the reader, who is ``busy_s`` between two reads."""
    found = []
    while len(found) < frames:
        for block in camera.read(0.1):
            assert block.times is not None
            found.append((block.times[0] - read_time(block.data), now() - read_time(block.data)))
        threading.Event().wait(busy_s)
    return np.array(found)


def test_frames_are_stamped_soon_after_they_were_sent(mjpeg: MjpegServer) -> None:
    camera = Camera(url=mjpeg.url)
    (info,) = camera.open()
    assert info.shape == (480, 640, 3)
    stamped = ages(camera, 60)[10:, 0]
    camera.close()
    assert -0.01 < np.median(stamped) < 0.03
    assert stamped.min() > -0.02  # a picture sent late is stamped when it was due


def test_pictures_are_drawn_into_the_ring_in_our_order_of_colours(tmp_path: Path) -> None:
    """OpenCV has blue first, and makes a new array where it does not like the one it is given."""
    film = tmp_path / "red.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    for _ in range(30):
        writer.write(np.full((48, 64, 3), (20, 60, 200), np.uint8))
    writer.release()
    camera = Camera(url=str(film))
    (info,) = camera.open()
    (block,) = camera.read(1.0)
    camera.close()
    assert isinstance(block.content, Drawn)
    stream, reader = memory_stream(info)
    assert block.times is not None
    stream.push(block.content, block.times)
    frame = reader.latest_frame()
    assert frame is not None
    np.testing.assert_array_equal(frame.image, block.data)
    np.testing.assert_allclose(frame.image.mean(axis=(0, 1)), (200, 60, 20), atol=6)


def test_latency_is_taken_off_the_stamp(mjpeg: MjpegServer) -> None:
    camera = Camera(url=mjpeg.url, latency_s=5.0)
    camera.open()
    stamped = ages(camera, 10)[:, 0]
    camera.close()
    assert -5.0 < np.median(stamped) < -4.5


def test_a_slow_reader_gets_fresh_frames_and_the_drops_are_counted(mjpeg: MjpegServer) -> None:
    camera = Camera(url=mjpeg.url)
    camera.open()
    read = ages(camera, 20, busy_s=0.12)[5:, 1]
    dropped = camera.dropped
    camera.close()
    assert np.median(read) < 0.1
    assert dropped > 30


def test_a_stall_is_a_loss_within_a_second_and_heals(mjpeg: MjpegServer) -> None:
    camera = Camera(url=mjpeg.url)
    camera.open()
    assert read_some(camera, 5, 2.0)
    mjpeg.stall()
    took_s, words = seconds_to_loss(camera)
    assert took_s < 1.1
    assert "no picture" in words
    mjpeg.flow()
    assert seconds_to_return(camera) < 3.0
    camera.close()


def test_a_server_that_ends_is_a_loss_and_its_return_is_used() -> None:
    with MjpegServer() as first:
        camera = Camera(url=first.url)
        camera.open()
        assert read_some(camera, 5, 2.0)
    took_s, words = seconds_to_loss(camera)
    assert took_s < 1.1
    assert "gone" in words
    with pytest.raises(SensorUnavailable, match="check the address"):
        camera.open()
    with MjpegServer(port=first.port):
        assert seconds_to_return(camera) < 3.0
        camera.close()


def test_closing_while_the_server_stalls_is_quick(mjpeg: MjpegServer) -> None:
    camera = Camera(url=mjpeg.url)
    camera.open()
    mjpeg.stall()
    start = time.monotonic()
    camera.close()
    assert time.monotonic() - start < 1.0


def test_a_password_in_the_address_is_never_shown(mjpeg: MjpegServer) -> None:
    secret = mjpeg.url.replace("http://", "http://anna:sesame@")
    camera = Camera(url=secret)
    (info,) = camera.open()
    camera.close()
    assert "sesame" not in info.sensor_id
    with pytest.raises(SensorUnavailable) as error:
        Camera(url="http://anna:sesame@127.0.0.1:9/x").open()
    assert "sesame" not in str(error.value)


def test_the_newest_frame_wins_and_the_end_is_seen() -> None:
    source = iter([np.full((2, 2, 3), n, np.uint8) for n in range(5)])
    released = threading.Event()
    newest = NewestFrame(lambda: next(source, None), released.set, now)
    assert released.wait(2.0)
    taken = newest.take(1.0)
    assert taken is not None
    assert taken.image[0, 0, 0] == 4
    assert newest.dropped == 4
    assert newest.take(0.0) is None
    assert newest.ended


def test_an_error_in_the_library_is_reported_in_words() -> None:
    def broken() -> None:
        raise RuntimeError("the decoder fell over")

    newest = NewestFrame(broken, lambda: None, now)
    newest.stop(2.0)
    assert newest.ended
    assert newest.error == "the decoder fell over"


def test_rtsp_is_decoded_without_a_backlog(rtsp: RtspServer) -> None:
    camera = Camera(url=rtsp.url)
    (info,) = camera.open()
    stamped = ages(camera, 60)[30:, 0]
    camera.close()
    assert info.shape == (480, 640, 3)
    assert 0.0 < np.median(stamped) < 0.1


def test_rtsp_that_ends_is_a_loss(rtsp: RtspServer) -> None:
    camera = Camera(url=rtsp.url)
    camera.open()
    assert read_some(camera, 5, 2.0)
    rtsp.stop()
    took_s, _ = seconds_to_loss(camera)
    camera.close()
    assert took_s < 1.1


def test_the_csi_pipeline_asks_for_size_and_rate_and_keeps_the_newest() -> None:
    text = csi.pipeline(1, 1280, 720, 29.97)
    elements = text.split(" ! ")
    assert elements[0] == "nvarguscamerasrc sensor-id=1"
    assert elements[1] == "video/x-raw(memory:NVMM),width=1280,height=720,framerate=2997/100"
    assert elements[-2:] == ["video/x-raw,format=BGR", "appsink drop=true max-buffers=1 sync=false"]


def test_a_csi_camera_needs_gstreamer() -> None:
    assert csi.has_gstreamer("  Video I/O:\n    GStreamer:                   YES (1.20.3)\n")
    assert not csi.has_gstreamer("  Video I/O:\n    GStreamer:                   NO\n")
    if csi.has_gstreamer(cv2.getBuildInformation()):
        pytest.skip("this OpenCV has GStreamer")
    with pytest.raises(SensorUnavailable, match="has no GStreamer"):
        Camera(csi=True).open()


def test_reading_a_closed_camera_is_refused() -> None:
    with pytest.raises(SensorLost, match="closed"):
        Camera(url="http://127.0.0.1:9/x").read(0.0)
