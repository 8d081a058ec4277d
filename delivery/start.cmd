@echo off
rem start.cmd            install on the first run, make the sample district if there is no store, serve
rem start.cmd COMMAND ...  install on the first run, run one command of tongchou
setlocal
set "here=%~dp0"
if "%TONGCHOU_HOME%"=="" set "TONGCHOU_HOME=%here%var"
set "venv=%TONGCHOU_HOME%\venv"
for /f "tokens=2" %%v in (%here%PYTHON) do set "wanted=%%v"
if not exist "%venv%\.done" (
  py -%wanted% -m venv --clear "%venv%" || (echo Python %wanted% x64 is needed. & exit /b 2)
  set "PIP_CONFIG_FILE=nul"
  "%venv%\Scripts\python" -m pip install --disable-pip-version-check --no-input --quiet --no-index --find-links "%here%wheels" --require-hashes -r "%here%requirements.txt" || exit /b 2
  for %%w in ("%here%wheels\tongchou-*.whl") do "%venv%\Scripts\python" -m pip install --disable-pip-version-check --no-input --quiet --no-index --no-deps "%%w" || exit /b 2
  pushd "%TONGCHOU_HOME%" & "%venv%\Scripts\python" -m geo.coordination.machine & popd
  echo done> "%venv%\.done"
)
if "%TONGCHOU_DATA%"=="" set "TONGCHOU_DATA=%here%data"
if "%TONGCHOU_STORE%"=="" set "TONGCHOU_STORE=%TONGCHOU_HOME%\district.gpkg"
set PYTHONUTF8=1
if not "%~1"=="" (
  "%venv%\Scripts\tongchou" %*
  exit /b %errorlevel%
)
"%venv%\Scripts\tongchou" init --sample --if-missing || exit /b 2
"%venv%\Scripts\tongchou" serve
