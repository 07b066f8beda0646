#!/bin/sh
# Serves a CSI camera to this machine only, as JPEG pictures in Matroska at tcp://127.0.0.1:8110, for
#
#   [sensors.camera]
#   driver = "camera"
#   url = "tcp://127.0.0.1:8110"
#
# because the OpenCV of the wheels has no GStreamer. The board's image processor scales and encodes; a viewer that falls
# behind gets the newest picture. INSULA_CSI_SOURCE replaces the camera by other GStreamer elements.
set -eu
sensor=${INSULA_CSI_SENSOR:-0}
width=${INSULA_CSI_WIDTH:-640}
height=${INSULA_CSI_HEIGHT:-480}
fps=${INSULA_CSI_FPS:-30}
port=${INSULA_CSI_PORT:-8110}
camera="nvarguscamerasrc sensor-id=$sensor ! video/x-raw(memory:NVMM),width=1280,height=720,framerate=$fps/1
  ! nvvidconv ! video/x-raw(memory:NVMM),width=$width,height=$height ! nvjpegenc"
# The source is a list of words on purpose.
# shellcheck disable=SC2086
exec gst-launch-1.0 -q ${INSULA_CSI_SOURCE:-$camera} ! matroskamux streamable=true ! \
  tcpserversink host=127.0.0.1 port="$port" sync=false recover-policy=latest
