"""Answers `whole PATH` lines with the milliseconds of FaceMesh.process for each frame of a clip, as JSON.

Decoding and the change of BGR to RGB are left out. The first line printed says which versions run.
"""

import json
import os
import sys
import time

os.environ.setdefault("GLOG_minloglevel", "2")

import cv2
import mediapipe as mp

threads = int(sys.argv[1])
cv2.setNumThreads(threads)
mesh = mp.solutions.face_mesh.FaceMesh(static_image_mode=False, max_num_faces=1, refine_landmarks=False)
print(json.dumps({"mediapipe": mp.__version__, "opencv": cv2.__version__}), flush=True)
for line in sys.stdin:
    path = line.rstrip("\n").split(" ", 1)[1]
    clip = cv2.VideoCapture(path)
    if not clip.isOpened():
        sys.exit(f"{path} cannot be read")
    mesh.reset()
    costs = []
    while True:
        there, bgr = clip.read()
        if not there:
            break
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        start = time.perf_counter()
        mesh.process(rgb)
        costs.append((time.perf_counter() - start) * 1000)
    print(json.dumps(costs), flush=True)
