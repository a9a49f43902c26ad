#!/bin/sh
# greet @VERSION@: says hello
case ${1-english} in
  english) echo "Hello, pipeline!" ;;
  french) echo "Bonjour, pipeline !" ;;
  german) echo "Hallo, Pipeline!" ;;
  *) echo "greet: this line of the example is deliberately so long that the job named style has something to complain about: $1" >&2; exit 2 ;;
esac
